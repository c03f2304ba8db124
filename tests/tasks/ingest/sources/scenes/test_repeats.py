"""Repeats and leaks: none where none are asked for, and the same whatever is read with them."""

from tasks.ingest.sources.scenes.config import ScenesConfig
from tasks.ingest.sources.scenes.repeats import training_rows
from tasks.ingest.sources.scenes.sampling import training_scenes, uniform_scenes


def test_without_repeats_every_row_has_its_own_scene() -> None:
    config = ScenesConfig()
    rows = list(training_rows(config, range(5, 40)))
    assert [row.scene for row in rows] == list(training_scenes(config, range(5, 40)))
    assert not any(row.saved_again for row in rows)


def test_a_row_depends_on_its_number_alone() -> None:
    config = ScenesConfig(repeats=0.4, leaks=0.3, test_images=64)
    whole = list(training_rows(config, range(200)))
    assert [
        row for start in range(0, 200, 33) for row in training_rows(config, range(start, min(200, start + 33)))
    ] == whole


def test_leaks_show_a_picture_of_the_test_set() -> None:
    config = ScenesConfig(leaks=0.5, test_images=64)
    tested = {scene.objects for scene in uniform_scenes(config, range(64))}
    shown = [row.scene.objects in tested for row in training_rows(config, range(400))]
    assert 160 < sum(shown) < 240  # four standard deviations

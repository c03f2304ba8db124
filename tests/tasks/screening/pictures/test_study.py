"""The study's files: every evaluation picture with its nearest, the nearest first, and no more drawn than asked."""

import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image
from typer.testing import CliRunner

from flows.command import app
from tasks.screening.pictures.study import FILES, study_leakage
from tasks.screening.pictures.thumbnails import encoded_pictures, read_pictures
from tests.tasks.screening.conftest import COPIES, encoded, scene, table


@pytest.fixture
def sets(tmp_path: Path) -> tuple[list[Path], list[Path]]:
    train = [scene(seed) for seed in range(12)]
    evaluation = [scene(40), COPIES["zoomed"](train[3]), train[7], scene(41)]
    return (
        [table(tmp_path / "train.parquet", [encoded(picture, "PNG") for picture in train], list(range(12)))],
        [table(tmp_path / "test.parquet", [encoded(picture, "PNG") for picture in evaluation], [0, 3, 7, 1])],
    )


def test_every_picture_is_listed_with_its_nearest(tmp_path: Path, sets: tuple[list[Path], list[Path]]) -> None:
    numbers = study_leakage(*sets, tmp_path / "out", distance=0.55, pictures=2, workers=2)
    assert (numbers["same_pictures"], numbers["train"], numbers["evaluation"]) == (2, 12, 4)
    assert json.loads((tmp_path / "out" / "leakage.json").read_text()) == numbers
    rows = pq.read_table(tmp_path / "out" / "leakage.parquet").to_pylist()
    assert [(row["evaluation_row"], row["train_row"]) for row in rows[:2]] == [(2, 7), (1, 3)]
    assert np.all(np.diff([row["distance"] for row in rows]) >= 0) and len(rows) == 4
    assert [row["same_picture"] for row in rows] == [True, True, False, False]
    assert all((tmp_path / "out" / name).is_file() for name in FILES)


def test_no_copy_is_an_empty_sheet_and_a_border_of_the_nearest(
    tmp_path: Path, sets: tuple[list[Path], list[Path]]
) -> None:
    numbers = study_leakage(*sets, tmp_path / "out", distance=0.0, pictures=3, workers=1)
    empty, border = (np.asarray(Image.open(tmp_path / "out" / name)) for name in FILES[:2])
    assert numbers["same_pictures"] == 0 and (empty == 255).all() and border.size > empty.size / 8
    assert (border != 255).any()


@pytest.mark.parametrize("distance", [0, np.float32(0.55), np.float64(0.55), 2])
def test_the_distance_is_any_number(tmp_path: Path, sets: tuple[list[Path], list[Path]], distance: float) -> None:
    numbers = study_leakage(*sets, tmp_path / "out", distance=distance, pictures=2, workers=1)
    assert numbers == json.loads((tmp_path / "out" / "leakage.json").read_text())
    rows = pq.read_table(tmp_path / "out" / "leakage.parquet").to_pylist()
    assert numbers["same_pictures"] == sum(row["same_picture"] for row in rows)


def test_the_study_writes_pairs_pictures_and_numbers(tmp_path: Path) -> None:
    train = [scene(seed) for seed in range(20)]
    copy = COPIES["mirrored"](train[9])
    files = (
        table(tmp_path / "train.parquet", [b"broken", *(encoded(p, "PNG") for p in train)], list(range(21))),
        table(tmp_path / "test.parquet", [encoded(scene(50), "PNG"), None, encoded(copy, "PNG")], [0, 0, 10]),
    )
    arguments = ["study", "leakage", "--train", files[0], "--evaluation", files[1], "--to", tmp_path / "out"]
    done = CliRunner().invoke(app, [str(item) for item in arguments])
    assert done.exit_code == 0, done.output
    numbers = json.loads((tmp_path / "out" / "leakage.json").read_text())
    assert numbers["same_pictures"] == 1 and numbers["mirrored"] == 1 and numbers["unreadable"] == 2
    assert next(row for row in numbers["by_distance"] if row["distance"] == 0.55)["same_class"] == 1.0
    first = pq.read_table(tmp_path / "out" / "leakage.parquet").to_pylist()[0]
    assert (first["evaluation_row"], first["train_row"], first["train_path"]) == (2, 10, "10.png")
    assert first["same_picture"] and first["mirrored"] and first["distance"] < 0.1
    for name in ("leakage.png", "leakage-border.png"):
        assert Image.open(tmp_path / "out" / name).format == "PNG"
    again = read_pictures([files[0], files[1]])
    assert encoded_pictures(again, np.array([21, 3]))[0] == encoded(copy, "PNG")

"""Leaks by distance, captions by words, and what is dropped for either."""

import io
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image

from tasks.screening.config import LeakageConfig
from tasks.screening.leakage.leak_tables import (
    CAPTIONS,
    LEAKS,
    captions_like_prompts,
    images_of,
    leak_distance,
    leaks_to_drop,
    nearest_pairs,
    picture_pairs,
)
from tasks.screening.leakage.nearest_evaluation import NearestEvaluation
from tests.tasks.embedding.conftest import CAPTIONS as TEXTS
from tests.tasks.embedding.conftest import pairs_table, png, write_pairs
from tests.tasks.geometry.conftest import gaussian

IDS = np.array([50, 10, 40, 20], np.uint64)
EVALUATION = np.array([7, 8], np.uint64)
FOUND = NearestEvaluation(np.array([0, 1, 1, 0]), np.array([0.5, 0.1, 0.1, 0.3], np.float32))


@pytest.mark.parametrize(("listed", "rows"), [(0, 2), (1, 2), (3, 3), (9, 4)])
def test_all_leaks_are_listed_and_the_nearest_others(listed: int, rows: int) -> None:
    found = nearest_pairs(IDS, EVALUATION, FOUND, float(np.float32(0.1)), listed)
    assert (found.images, found.leaks.num_rows) == (2, rows) and found.leaks.schema.equals(LEAKS)
    assert found.leaks["id"].to_pylist() == [10, 40, 20, 50][:rows]  # equally near: the lower id
    assert found.leaks["evaluation"].to_pylist() == [8, 8, 7, 7][:rows]
    assert found.leaks["leak"].to_pylist() == [True, True, False, False][:rows]


def test_the_distance_is_the_configured_one_or_suits_the_set() -> None:
    far = NearestEvaluation(np.zeros(4, int), np.full(4, 0.2, np.float32))
    assert leak_distance(far, gaussian(4, 3), LeakageConfig(distance=1)) == 1
    assert leak_distance(far, gaussian(4, 3), LeakageConfig()) == pytest.approx(0.05)  # too few for a dimension
    line = np.random.default_rng(0).random((300, 1)) @ np.ones((1, 3))
    assert leak_distance(far, line, LeakageConfig()) < 0.01  # on a line, chance brings points near


@pytest.mark.parametrize(
    ("drop", "expected"),
    [("none", {}), ("images", {10: "image", 40: "image"}), ("captions", {10: "caption", 99: "caption"}),
     ("both", {10: "image", 40: "image", 99: "caption"})],
)  # fmt: skip
def test_what_is_dropped_and_why(drop: str, expected: dict[int, str]) -> None:
    leaks = nearest_pairs(IDS, EVALUATION, FOUND, 0.2, 9).leaks
    captions = pa.table([pa.array([99, 10], pa.uint64()), ["k", "l"], ["p", "q"]], schema=CAPTIONS)
    table = leaks_to_drop(leaks, captions, LeakageConfig(drop=drop))
    reasons = {"image": "near an evaluation image", "caption": "caption repeats a class prompt"}
    assert table["id"].to_pylist() == sorted(expected) and set(table["kept"].to_pylist()) <= {None}
    assert table["reason"].to_pylist() == [reasons[expected[key]] for key in sorted(expected)]


def test_captions_that_repeat_a_prompt(tmp_path: Path) -> None:
    pairs = write_pairs(tmp_path, [png(0)] * 3, [png(1)] * 3)
    paths = sorted(pairs.path.glob("*.parquet"))
    table = captions_like_prompts(paths, ["A red circle!", "nothing", "two dogs"])
    repeats = [k for k, text in enumerate(TEXTS[:3]) if text in ("a red circle", "two dogs")]
    assert table["key"].to_pylist() == [f"row-{first + k}" for first in (0, 3) for k in repeats]
    assert set(table["prompt"].to_pylist()) == {"A red circle!", "two dogs"}
    assert captions_like_prompts(paths, []).num_rows == captions_like_prompts([], ["a"]).num_rows == 0


def test_pictures_of_pairs_stand_side_by_side(tmp_path: Path) -> None:
    images = [png(seed) for seed in range(4)]
    train = sorted(write_pairs(tmp_path / "train", images[:2], images[2:]).path.glob("*.parquet"))
    ids = pairs_table(images)["id"].to_pylist()
    assert images_of(train, [ids[3], ids[0], 5]) == {ids[0]: images[0], ids[3]: images[3]}
    rows = {"id": [ids[1], ids[2]], "evaluation": [ids[1], 5], "distance": [0.0, 0.5], "leak": [True, False]}
    sheet = picture_pairs(pa.table(rows, schema=LEAKS), train, train, 24)
    seen = np.asarray(Image.open(io.BytesIO(sheet)))
    assert np.array_equal(seen[6:102, 6:102], seen[6:102, 102:198])  # the leak: the same picture on both sides
    second = seen[6:102, 6 + 198 : 6 + 198 + 192]
    assert (second[:, 96:] == 211).all() and second[:, :96].std() > 10  # its evaluation picture is not there
    assert picture_pairs(pa.table(rows, schema=LEAKS), train, train, 1) != sheet

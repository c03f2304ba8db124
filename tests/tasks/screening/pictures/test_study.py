"""The study's files: every evaluation picture with its nearest, the nearest first, and no more drawn than asked."""

import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image

from tasks.screening.pictures.study import FILES, study_leakage
from tests.tasks.screening.pictures.test_same_pictures import COPIES, encoded, scene, table


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

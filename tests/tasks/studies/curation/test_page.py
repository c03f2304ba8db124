"""The study `curation`: groups of classes, differences for each, and the page."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from storage.errors import InputError
from storage.tables.shards import write_table
from tasks.reporting.page.svg import NARROW, WIDE, drawing
from tasks.studies.curation.arms import ALL, CurationNumbers, Selection, class_groups, curation_numbers
from tasks.studies.curation.config import CurationConfig
from tasks.studies.curation.figure import draw_differences, draw_marginals
from tasks.studies.curation.page import curation_page
from tasks.studies.curation.read import label_counts
from tasks.studies.scored.compare import recalls
from tests.tasks.studies.scored.test_compare import LABEL, runs

SELECTION = Selection(
    keywords=("car", "cat", "dog"),
    observed=(0.7, 0.2, 0.1),
    target=(0.4, 0.3, 0.3),
    realised=(0.45, 0.3, 0.25),
    size=100,
    distinct=80,
    effective_sample_size=60.0,
    total_variation=0.05,
)


@pytest.fixture(scope="module")
def numbers() -> CurationNumbers:
    return curation_numbers(
        {"original": runs(0.5), "half step": runs(0.75, seed=1), "random as half step": runs(0.5, seed=2)},
        {"random as half step": "half step"},
        {"half step": SELECTION},
        np.array([50, 400, 10]),
        names=("head", "middle", "tail"),
        confidence=0.95,
    )


def test_classes_are_grouped_by_frequency() -> None:
    assert class_groups(np.array([5, 9, 1, 7]), ["head", "tail"]) == {"head": {1: 9, 3: 7}, "tail": {0: 5, 2: 1}}
    with pytest.raises(InputError, match="no training pair has a label"):
        class_groups(np.zeros(3, np.int64), ["head"])
    with pytest.raises(InputError, match="too few for 3 groups"):
        class_groups(np.array([5, 9]), ["head", "middle", "tail"])


def test_every_arm_is_compared_with_the_original_and_its_control(numbers: CurationNumbers) -> None:
    assert list(numbers.differences) == [ALL, "head", "middle", "tail"]
    for listed in numbers.differences.values():
        assert [(each.ours, each.theirs) for each in listed] == [
            ("half step", "original"),
            ("half step", "random as half step"),
        ]
    tail = next(arm for arm in numbers.arms if arm.name == "half step").scores["tail"]
    run = runs(0.75, seed=1)[0]
    assert tail[0] == pytest.approx(run.correct[-1, LABEL == 2].mean())
    everything = numbers.arms[1].scores[ALL][0]
    assert everything == pytest.approx(recalls(run.correct[-1:], LABEL)[0])


def test_the_page_says_for_which_classes(numbers: CurationNumbers) -> None:
    page = curation_page(CurationConfig(), numbers)
    assert any(line.startswith(ALL) and "half step less original +" in line for line in page.answer)
    assert any("total variation" in line and "0.050" in line for line in page.answer)
    assert any("tail 10" in line for line in page.method)
    assert all(len(row) == len(table.columns) for table in page.tables for row in table.rows)
    assert CurationNumbers.model_validate_json(numbers.model_dump_json()) == numbers


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_figures(numbers: CurationNumbers, width: float) -> None:
    with drawing():
        shown = draw_differences(numbers, width)
        assert [axes.get_title(loc="left") for axes in shown.axes] == [ALL, "head", "middle", "tail"]
        assert [text.get_text() for text in draw_marginals(numbers, width).legends[0].get_texts()] == [
            "observed",
            "target",
            "realised",
        ]


def test_labels_are_counted(tmp_path: Path) -> None:
    write_table(tmp_path / "pairs-00000.parquet", pa.table({"label": pa.array([0, 2, None, 2, 7], pa.int32())}))
    assert label_counts([tmp_path / "pairs-00000.parquet"], 3).tolist() == [1, 0, 2]

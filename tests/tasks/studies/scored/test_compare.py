"""Levels, paired differences and the seeds that would be needed, against plain computations."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from scipy import stats

from storage.errors import InputError
from storage.tables.shards import write_table
from tasks.studies.scored.answers import Answers, read_answers
from tasks.studies.scored.compare import Level, differences, level, p_in_words, recalls, said, seeds_needed

LABEL = np.repeat(np.arange(3), (40, 30, 20)).astype(np.int64)


def runs(share: float, seeds: int = 4, seed: int = 0) -> list[Answers]:
    """Trainings whose last answers are right with a probability, on images of differing hardness."""
    hardness = np.random.default_rng(99).random(len(LABEL))
    generator = np.random.default_rng(seed)
    draws = generator.normal(size=(seeds, 2, 90))
    return [
        Answers(np.array([5, 10]), LABEL, np.stack([one < -0.5, hardness + 0.1 * two < share])) for one, two in draws
    ]


def test_recall_is_the_mean_over_classes() -> None:
    correct = np.zeros((1, 90), bool)
    correct[0, :40] = True
    correct[0, 40:55] = True
    assert recalls(correct, LABEL) == pytest.approx([(1 + 0.5 + 0) / 3])


def test_levels_are_raw_means_with_intervals() -> None:
    found = level(runs(0.6), confidence=0.95)
    assert isinstance(found, Level) and found.steps == (5, 10) and len(found.seeds) == 4
    assert found.mean[1] == pytest.approx(np.mean([seed[1] for seed in found.seeds]))
    for mean, low, high in zip(found.mean, found.low, found.high, strict=True):
        assert low is not None and high is not None and 0 <= low < mean < high <= 1
    other = [*runs(0.6, seeds=1), Answers(np.array([5, 11]), LABEL, np.ones((2, 90), bool))]
    with pytest.raises(InputError, match="other numbers of steps"):
        level(other, confidence=0.95)


def test_differences_are_paired_and_corrected_for_each_other() -> None:
    found = differences(
        {"a": runs(0.7), "b": runs(0.5, seed=1), "c": runs(0.7, seed=2)}, [("a", "b"), ("a", "c")], confidence=0.95
    )
    clear, none = found
    assert clear.distinguishable and not none.distinguishable
    assert clear.adjusted == pytest.approx(min(1, 2 * clear.p_value))
    gaps = [recalls(mine.correct[-1:], LABEL)[0] - recalls(other.correct[-1:], LABEL)[0]
            for mine, other in zip(runs(0.7), runs(0.5, seed=1), strict=True)]  # fmt: skip
    assert clear.mean == pytest.approx(np.mean(gaps))
    assert f"{100 * clear.mean:+.2f} points" in said(clear)
    assert p_in_words(1e-9) == "< 0.0001" and p_in_words(0.0312) == "0.031"


def test_differences_of_some_classes() -> None:
    found = differences({"a": runs(0.7), "b": runs(0.5, seed=1)}, [("a", "b")], confidence=0.95, classes=[[2]])[0]
    mine, other = runs(0.7), runs(0.5, seed=1)
    gaps = [one.correct[-1, 70:].mean() - two.correct[-1, 70:].mean() for one, two in zip(mine, other, strict=True)]
    assert found.mean == pytest.approx(np.mean(gaps))


def test_the_seeds_that_would_be_needed() -> None:
    gaps = np.array([1.0, 2.0, 3.0, -1.0])
    needed = seeds_needed(gaps, confidence=0.95)
    assert needed is not None and needed > 4
    for count, enough in ((needed, True), (needed - 1, False)):
        half = stats.t.ppf(0.975, count - 1) * gaps.std(ddof=1) / np.sqrt(count)
        assert (half < gaps.mean()) == enough
    assert seeds_needed(np.array([1.0, -1.0]), confidence=0.95) is None


def test_answers_come_back_from_their_table(tmp_path: Path) -> None:
    table = pa.table(
        {
            "step": pa.array([2, 2, 7, 7], pa.int32()),
            "index": pa.array([0, 1, 0, 1], pa.uint32()),
            "label": pa.array([4, 5, 4, 5], pa.int32()),
            "correct": pa.array([True, False, True, True]),
        }
    )
    write_table(tmp_path / "answers.parquet", table)
    found = read_answers(tmp_path / "answers.parquet")
    assert found.steps.tolist() == [2, 7] and found.label.tolist() == [4, 5]
    assert found.correct.tolist() == [[True, False], [True, True]]

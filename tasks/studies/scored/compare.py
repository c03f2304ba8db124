"""Levels and paired differences of trainings over seeds, on the same images: intervals, and tests corrected by Holm."""

from collections.abc import Mapping, Sequence

import numpy as np
from scipy.special import stdtrit

from storage.errors import InputError
from storage.record.stats import Stats
from tasks.arrays import Bools, Floats, Int64s
from tasks.evaluation.scoring.crossed import crossed_estimate
from tasks.evaluation.scoring.multiplicity import holm
from tasks.studies.scored.answers import Answers

MOST_SEEDS = 10_000


class Level(Stats):
    """Mean per-class recall of trainings over seeds.

    Attributes:
        steps: the numbers of steps that were scored.
        seeds: by seed, the raw score after each number of steps.
        mean: over seeds, after each.
        low: of the interval over seeds and images; None where nothing varied.
        high: of the interval.
    """

    steps: tuple[int, ...]
    seeds: tuple[tuple[float, ...], ...]
    mean: tuple[float, ...]
    low: tuple[float | None, ...]
    high: tuple[float | None, ...]


class Difference(Stats):
    """The score of `ours` less that of `theirs`, seed by seed on the same images, at the end.

    Attributes:
        ours: one of the two.
        theirs: the other.
        mean: over seeds.
        low: of its interval over seeds and images; None where nothing varied.
        high: of the interval.
        p_value: two-sided, of no difference.
        adjusted: by Holm, for all differences of the study.
        seeds_needed: how many would tell a difference of this size, by its spread over seeds alone; None where the two
            agree or more than 10,000 would be needed.
    """

    ours: str
    theirs: str
    mean: float
    low: float | None
    high: float | None
    p_value: float
    adjusted: float
    seeds_needed: int | None

    @property
    def distinguishable(self) -> bool:
        """Whether it can be told from luck, whatever else was compared."""
        return self.adjusted < 0.05


def recalls(correct: Bools | Floats, label: Int64s) -> Floats:
    """Mean per-class recall of each row of answers `[r, n]`, `[r]`."""
    _, place, count = np.unique(label, return_inverse=True, return_counts=True)
    sums = np.array([np.bincount(place, row, minlength=len(count)) for row in np.asarray(correct, np.float64)])
    found: Floats = (sums / count).mean(axis=1)
    return found


def level(runs: Sequence[Answers], *, confidence: float) -> Level:
    """Scores along the way, over the seeds.

    Raises `InputError` where the trainings were not scored after the same numbers of steps on the same images.
    """
    first = runs[0]
    for each in runs:
        if not (np.array_equal(each.steps, first.steps) and np.array_equal(each.label, first.label)):
            raise InputError("trainings that are compared were scored after other numbers of steps, or on other images")
    values = np.array([each.correct for each in runs], np.float64)  # [seeds, steps, n]
    intervals = []
    for step in range(len(first.steps)):
        estimate = crossed_estimate(values[:, step], first.label)
        found = None if estimate is None else estimate.interval(confidence).within(0, 1)
        intervals.append((None, None) if found is None else (found.low, found.high))
    scores = np.array([recalls(each.correct, each.label) for each in runs])
    return Level(
        steps=tuple(first.steps.tolist()),
        seeds=tuple(tuple(row.tolist()) for row in scores),
        mean=tuple(scores.mean(axis=0).tolist()),
        low=tuple(low for low, _ in intervals),
        high=tuple(high for _, high in intervals),
    )


def differences(
    runs: Mapping[str, Sequence[Answers]],
    pairs: Sequence[tuple[str, str]],
    *,
    confidence: float,
    classes: Sequence[Sequence[int] | None] = (),
) -> list[Difference]:
    """Paired differences at the end of training, corrected for each other.

    Args:
        runs: by name, trainings in the same order of seeds.
        pairs: (ours, theirs).
        confidence: of the intervals.
        classes: of each pair those that count, None for all; empty: all for all.
    """
    found = []
    for (ours, theirs), counted in zip(pairs, classes or [None] * len(pairs), strict=True):
        label = runs[ours][0].label
        kept = np.ones(len(label), bool) if counted is None else np.isin(label, counted)
        gap = np.array(
            [
                mine.correct[-1].astype(np.float64) - other.correct[-1]
                for mine, other in zip(runs[ours], runs[theirs], strict=True)
            ]
        )[:, kept]
        estimate = crossed_estimate(gap, label[kept])
        interval = None if estimate is None else estimate.interval(confidence)
        by_seed = recalls(gap, label[kept])
        found.append(
            Difference(
                ours=ours,
                theirs=theirs,
                mean=float(by_seed.mean()),
                low=None if interval is None else interval.low,
                high=None if interval is None else interval.high,
                p_value=1.0 if estimate is None else estimate.p_value,
                adjusted=1.0,
                seeds_needed=seeds_needed(by_seed, confidence=confidence),
            )
        )
    adjusted = holm(np.array([each.p_value for each in found])) if found else ()
    return [each.model_copy(update={"adjusted": float(p)}) for each, p in zip(found, adjusted, strict=True)]


def seeds_needed(differences: Floats, *, confidence: float) -> int | None:
    """The fewest seeds whose interval of a mean of this size and spread would exclude zero; None beyond 10,000."""
    if len(differences) < 2 or differences.mean() == 0:
        return None
    counts = np.arange(2, MOST_SEEDS + 1)
    half = stdtrit(counts - 1, 0.5 + confidence / 2) * differences.std(ddof=1) / np.sqrt(counts)
    enough = np.flatnonzero(half < abs(differences.mean()))
    return int(counts[enough[0]]) if len(enough) else None


def said(difference: Difference) -> str:
    """A difference in words: points, interval, corrected p."""
    interval = "" if difference.low is None or difference.high is None else (
        f" ({100 * difference.low:+.2f} to {100 * difference.high:+.2f})"
    )  # fmt: skip
    return f"{100 * difference.mean:+.2f} points{interval}, corrected p {p_in_words(difference.adjusted)}"


def p_in_words(p: float) -> str:
    """A p-value, to two digits."""
    return "< 0.0001" if p < 1e-4 else f"{p:.2g}"

"""Recall class by class: what a variant gains and loses over another, and whether the gain is where data are rare."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tasks.arrays import Floats, Int64s
from tasks.evaluation.scoring.crossed import crossed_estimate
from tasks.evaluation.scoring.intervals import Interval
from tasks.reporting.inputs.measurements import Measurement
from tasks.reporting.sections.scores.paired import paired_answers
from tasks.reporting.sections.scores.scores import Difference

BANDS = ("head", "middle", "tail")
"""Thirds of the classes, from those that the training data show most often to the rarest."""

FEWEST_CLASSES = 6  # below this, thirds say nothing that the classes do not
SHOWN = 24  # classes that the page lists whole; of more, as many of both ends


@dataclass(frozen=True)
class ClassRecall:
    """A class of a benchmark under two variants.

    Attributes:
        name: of the class.
        images: test images of it.
        frequency: training pairs that show or name it; None where it is not known.
        band: its third, by `frequency`; empty where there are none.
        before: recall of the reference, mean over seeds.
        after: recall of the variant.
        mean: the difference.
        interval: of the difference, over seeds and images together; None where nothing varied.
    """

    name: str
    images: int
    frequency: int | None
    band: str
    before: float
    after: float
    mean: float
    interval: Interval | None


@dataclass(frozen=True)
class BandRecall:
    """The classes of a band together: how many, how frequent, and the mean of their differences with its interval."""

    band: str
    classes: int
    rarest: int
    commonest: int
    mean: float
    interval: Interval | None


@dataclass(frozen=True)
class RecallChange:
    """One benchmark: its classes, the largest gain first, and its bands.

    Attributes:
        benchmark: its name.
        variant: the one that should gain.
        reference: the one that it is held against.
        classes: by difference, then by name.
        bands: from head to tail; empty where frequencies are not known, or there are few classes.
        confidence: that the intervals aim at.
    """

    benchmark: str
    variant: str
    reference: str
    classes: tuple[ClassRecall, ...]
    bands: tuple[BandRecall, ...]
    confidence: float

    @property
    def listed(self) -> tuple[ClassRecall, ...]:
        """The classes that the page lists: all, or the ends."""
        if len(self.classes) <= SHOWN:
            return self.classes
        return (*self.classes[: SHOWN // 2], *self.classes[-(SHOWN // 2) :])

    @property
    def apart(self) -> int:
        """Classes whose interval excludes zero."""
        return sum(each.interval is not None and each.interval.excludes(0.0) for each in self.classes)

    @property
    def by_luck(self) -> float:
        """How many would by luck alone, if there were no difference anywhere."""
        return (1 - self.confidence) * sum(each.interval is not None for each in self.classes)


def recall_changes(
    measurements: Sequence[Measurement],
    differences: Sequence[Difference],
    frequencies: Mapping[str, int],
    confidence: float,
) -> tuple[RecallChange, ...]:
    """The main comparison, class by class, on every benchmark whose answers were kept.

    Args:
        measurements: of all variants, seeds and benchmarks.
        differences: those of the report, the main one first.
        frequencies: training pairs by class name, in lower case.
        confidence: of the intervals.
    """
    if not differences:
        return ()
    variant, reference = differences[0].variant, differences[0].reference
    found = []
    for each in differences:
        if (each.variant, each.reference) != (variant, reference):
            continue
        seeds = [seed for seed, _ in each.seeds]
        ours, theirs = (_of(measurements, name, each.benchmark, seeds) for name in (variant, reference))
        change = _change(ours, theirs, frequencies, confidence)
        if change is not None:
            found.append(change)
    return tuple(found)


def bands(frequencies: Sequence[int | None]) -> list[str]:
    """The band of each class: thirds by rank, equal frequencies in one order; empty where one is not known."""
    known = [place for place, frequency in enumerate(frequencies) if frequency is not None]
    values = [frequencies[place] or 0 for place in known]
    named = [""] * len(frequencies)
    if len(known) < FEWEST_CLASSES or max(values) == min(values):
        return named
    order = np.argsort(-np.array(values), kind="stable")
    for rank, index in enumerate(order.tolist()):
        named[known[index]] = BANDS[rank * len(BANDS) // len(known)]
    return named


def _change(
    ours: Sequence[Measurement], theirs: Sequence[Measurement], frequencies: Mapping[str, int], confidence: float
) -> RecallChange | None:
    answers, names = paired_answers(ours, theirs), ours[0].classes
    if answers is None or not names or any(each.classes != names for each in (*ours, *theirs)):
        return None
    values, label = answers
    present, place = np.unique(label, return_inverse=True)
    if len(present) != len(names):
        return None
    often = [frequencies.get(name.lower()) for name in names]
    band = bands(often)
    before, after = (np.array([each.recalls for each in group]).mean(axis=0) for group in (theirs, ours))
    order = np.argsort(place, kind="stable")
    parts = np.split(order, np.cumsum(np.bincount(place))[:-1])  # the images of each class
    classes = [
        ClassRecall(
            name=name,
            images=len(parts[number]),
            frequency=often[number],
            band=band[number],
            before=float(before[number]),
            after=float(after[number]),
            mean=float(values[:, parts[number]].mean()),
            interval=_interval(values[:, parts[number]], None, confidence),
        )
        for number, name in enumerate(names)
    ]
    members = {name: [number for number, each in enumerate(band) if each == name] for name in BANDS}
    groups = {
        name: ([classes[each] for each in numbers], np.concatenate([parts[each] for each in numbers]))
        for name, numbers in members.items()
        if numbers
    }
    return RecallChange(
        benchmark=ours[0].benchmark,
        variant=ours[0].variant,
        reference=theirs[0].variant,
        classes=tuple(sorted(classes, key=lambda each: (-each.mean, each.name))),
        bands=tuple(
            _band(name, some, _interval(values[:, images], place[images], confidence))
            for name, (some, images) in groups.items()
        ),
        confidence=confidence,
    )


def _band(name: str, members: Sequence[ClassRecall], interval: Interval | None) -> BandRecall:
    often = [each.frequency for each in members if each.frequency is not None]
    return BandRecall(
        band=name,
        classes=len(members),
        rarest=min(often),
        commonest=max(often),
        mean=float(np.mean([each.mean for each in members])),
        interval=interval,
    )


def _interval(values: Floats, classes: Int64s | None, confidence: float) -> Interval | None:
    estimate = crossed_estimate(values, classes)
    return None if estimate is None else estimate.interval(confidence).within(-1.0, 1.0)


def _of(measurements: Sequence[Measurement], variant: str, benchmark: str, seeds: Sequence[int]) -> list[Measurement]:
    found = {each.seed: each for each in measurements if (each.variant, each.benchmark) == (variant, benchmark)}
    return [found[seed] for seed in seeds]

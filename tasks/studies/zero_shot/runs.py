"""The trainings of the study `zero-shot`, and what is told of them."""

from collections.abc import Mapping, Sequence
from itertools import combinations
from types import MappingProxyType

import numpy as np
from scipy.special import stdtrit

from storage.record.stats import Stats
from tasks.studies.scored.answers import Answers
from tasks.studies.scored.compare import Difference, Level, differences, level
from tasks.studies.zero_shot.held_out import Judged
from tasks.studies.zero_shot.inputs import Cell
from tasks.studies.zero_shot.probed import Probed


class Curve(Stats):
    """The scores of one setting along training."""

    encoder: str
    batch: int
    half_steps: int
    benchmark: str
    level: Level


class Track(Stats):
    """One number along training: by seed, its mean over seeds and that mean's interval; no interval of one seed."""

    seeds: tuple[tuple[float, ...], ...]
    mean: tuple[float, ...]
    low: tuple[float | None, ...]
    high: tuple[float | None, ...]


class HeldOutCurve(Stats):
    """One setting on pairs that no training saw: its own loss, CLIP's, and recall@k either way by k."""

    encoder: str
    batch: int
    half_steps: int
    steps: tuple[int, ...]
    loss: Track
    clip_loss: Track
    captions: dict[int, Track]
    pictures: dict[int, Track]


class ProbedCurve(Stats):
    """One setting's image features: mean per-class recall of a linear classifier, and the neighbours' accuracy."""

    encoder: str
    batch: int
    half_steps: int
    benchmark: str
    steps: tuple[int, ...]
    linear: Track
    neighbours: Track
    pictures: int
    converged: bool


class ZeroShotNumbers(Stats):
    """What the study says: a curve a setting, and every pair of k compared within encoder, batch and benchmark."""

    seeds: tuple[int, ...]
    images: dict[str, int]
    curves: tuple[Curve, ...]
    differences: tuple[Difference, ...]
    held_out: tuple[HeldOutCurve, ...] = ()
    probed: tuple[ProbedCurve, ...] = ()


def zero_shot_numbers(
    answers: Mapping[Cell, Sequence[Answers]],
    seeds: Sequence[int],
    *,
    confidence: float,
    judged: Mapping[Cell, Sequence[Judged]] = MappingProxyType({}),
    probed: Mapping[Cell, Sequence[Probed]] = MappingProxyType({}),
) -> ZeroShotNumbers:
    """Levels and differences of all settings.

    Args:
        answers: of every setting, one a seed.
        seeds: in the order of the answers.
        confidence: of the intervals.
        judged: of every setting, on held-out pairs, one a seed.
        probed: of every setting, one a seed.
    """
    once = {(cell.encoder, cell.batch, cell.half_steps): found for cell, found in judged.items() if found}
    named = {cell.name: runs for cell, runs in answers.items()}
    pairs = [
        (more.name, fewer.name)
        for fewer, more in combinations(sorted(answers, key=lambda cell: cell.half_steps), 2)
        if (fewer.encoder, fewer.batch, fewer.benchmark) == (more.encoder, more.batch, more.benchmark)
    ]
    return ZeroShotNumbers(
        seeds=tuple(seeds),
        images={cell.benchmark: len(runs[0].label) for cell, runs in answers.items()},
        curves=tuple(
            Curve(
                encoder=cell.encoder,
                batch=cell.batch,
                half_steps=cell.half_steps,
                benchmark=cell.benchmark,
                level=level(runs, confidence=confidence),
            )
            for cell, runs in answers.items()
        ),
        differences=tuple(differences(named, pairs, confidence=confidence)),
        held_out=tuple(_held_out(*place, found, confidence) for place, found in once.items()),
        probed=tuple(_probed(cell, found, confidence) for cell, found in probed.items() if found),
    )


def _held_out(encoder: str, batch: int, half_steps: int, found: Sequence[Judged], confidence: float) -> HeldOutCurve:
    def tracks(of: Sequence[Mapping[int, Sequence[float]]]) -> dict[int, Track]:
        return {k: track([each[k] for each in of], confidence) for k in of[0]}

    return HeldOutCurve(
        encoder=encoder,
        batch=batch,
        half_steps=half_steps,
        steps=found[0].steps,
        loss=track([each.loss for each in found], confidence),
        clip_loss=track([each.clip_loss for each in found], confidence),
        captions=tracks([each.captions for each in found]),
        pictures=tracks([each.pictures for each in found]),
    )


def _probed(cell: Cell, found: Sequence[Probed], confidence: float) -> ProbedCurve:
    return ProbedCurve(
        encoder=cell.encoder,
        batch=cell.batch,
        half_steps=cell.half_steps,
        benchmark=cell.benchmark,
        steps=found[0].steps,
        linear=track([each.linear for each in found], confidence),
        neighbours=track([each.neighbours for each in found], confidence),
        pictures=found[0].pictures,
        converged=all(each.converged for each in found),
    )


def track(values: Sequence[Sequence[float]], confidence: float) -> Track:
    """Values by seed and step, with Student's interval of their mean over seeds."""
    array = np.array(values)
    count, mean = len(array), array.mean(axis=0)
    ends: list[tuple[float | None, ...]] = [(None,) * len(mean)] * 2
    if count > 1:
        half = stdtrit(count - 1, 0.5 + confidence / 2) * array.std(axis=0, ddof=1) / np.sqrt(count)
        ends = [tuple((mean - half).tolist()), tuple((mean + half).tolist())]
    return Track(seeds=tuple(map(tuple, array.tolist())), mean=tuple(mean.tolist()), low=ends[0], high=ends[1])

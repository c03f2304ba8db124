"""The trainings of the study `zero-shot`, and what is told of them."""

from collections.abc import Mapping, Sequence
from itertools import combinations

from storage.record.stats import Stats
from tasks.studies.scored.answers import Answers
from tasks.studies.scored.compare import Difference, Level, differences, level
from tasks.studies.zero_shot.inputs import Cell


class Curve(Stats):
    """The scores of one setting along training."""

    encoder: str
    batch: int
    half_steps: int
    benchmark: str
    level: Level


class ZeroShotNumbers(Stats):
    """What the study says: a curve a setting, and every pair of k compared within encoder, batch and benchmark."""

    seeds: tuple[int, ...]
    images: dict[str, int]
    curves: tuple[Curve, ...]
    differences: tuple[Difference, ...]


def zero_shot_numbers(
    answers: Mapping[Cell, Sequence[Answers]], seeds: Sequence[int], *, confidence: float
) -> ZeroShotNumbers:
    """Levels and differences of all settings.

    Args:
        answers: of every setting, one a seed.
        seeds: in the order of the answers.
        confidence: of the intervals.
    """
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
    )

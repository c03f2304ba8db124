"""The arms of the study `curation`: what each trained on, and what it scored, overall and by class frequency."""

from collections.abc import Mapping, Sequence

import numpy as np

from storage.errors import InputError
from storage.record.stats import Stats
from tasks.arrays import Int64s
from tasks.studies.curation.inputs import ORIGINAL
from tasks.studies.scored.answers import Answers
from tasks.studies.scored.compare import Difference, differences, recalls

ALL = "all classes"


class Selection(Stats):
    """What balancing made of the keywords: masses by keyword, in the order of the observed.

    Attributes:
        keywords: their texts.
        observed: before.
        target: asked for.
        realised: by the selection.
        size: rows drawn.
        distinct: different rows.
        effective_sample_size: Kish's, of the multiplicities.
        total_variation: of `realised` from `target`.
    """

    keywords: tuple[str, ...]
    observed: tuple[float, ...]
    target: tuple[float, ...]
    realised: tuple[float, ...]
    size: int
    distinct: int
    effective_sample_size: float
    total_variation: float


class ArmNumbers(Stats):
    """One arm: its selection, and by group of classes the score of every seed."""

    name: str
    control_of: str
    selection: Selection | None
    scores: dict[str, tuple[float, ...]]


class CurationNumbers(Stats):
    """What the study says.

    Attributes:
        groups: by name, the classes' numbers and how many training pairs each has.
        arms: in the order of the study.
        differences: by group of classes, every arm against the original and against its control; corrected together.
    """

    groups: dict[str, dict[int, int]]
    arms: tuple[ArmNumbers, ...]
    differences: dict[str, tuple[Difference, ...]]


def class_groups(counts: Int64s, names: Sequence[str]) -> dict[str, dict[int, int]]:
    """Classes by frequency, the most frequent first: name → class → training pairs.

    Args:
        counts: training pairs of every class of the benchmark, `[c]`.
        names: of the groups.

    Raises:
        InputError: there are fewer classes than groups, or no pair has a label.
    """
    if not counts.any():
        raise InputError(
            "no training pair has a label, so that classes have no frequency; give the sources' label column"
        )
    if len(counts) < len(names):
        raise InputError(f"there are {len(counts)} classes, too few for {len(names)} groups; name fewer in `groups`")
    order = np.argsort(-counts, kind="stable")
    return {
        name: {int(each): int(counts[each]) for each in part}
        for name, part in zip(names, np.array_split(order, len(names)), strict=True)
    }


def curation_numbers(
    answers: Mapping[str, Sequence[Answers]],
    controls: Mapping[str, str],
    selections: Mapping[str, Selection],
    counts: Int64s,
    *,
    names: Sequence[str],
    confidence: float,
) -> CurationNumbers:
    """Scores and differences of all arms.

    Args:
        answers: of every arm, one a seed in the same order.
        controls: of uniform samples, the arm that each is the control of.
        selections: of the arms that have one.
        counts: training pairs of every class, `[c]`.
        names: of the groups of classes.
        confidence: of the intervals.
    """
    groups = class_groups(counts, names)
    classes = {ALL: None, **{name: list(group) for name, group in groups.items()}}
    curated = [name for name in answers if name != ORIGINAL and name not in controls]
    against = {arm: control for control, arm in controls.items()}
    pairs = [(arm, ORIGINAL) for arm in curated] + [(arm, against[arm]) for arm in curated if arm in against]
    wanted = [(group, pair) for group in classes for pair in pairs]
    found = differences(answers, [pair for _, pair in wanted], confidence=confidence,
                        classes=[classes[group] for group, _ in wanted])  # fmt: skip
    return CurationNumbers(
        groups=groups,
        arms=tuple(
            ArmNumbers(
                name=name,
                control_of=controls.get(name, ""),
                selection=selections.get(name),
                scores={group: _scores(runs, chosen) for group, chosen in classes.items()},
            )
            for name, runs in answers.items()
        ),
        differences={
            group: tuple(each for each, (of, _) in zip(found, wanted, strict=True) if of == group) for group in classes
        },
    )


def _scores(runs: Sequence[Answers], classes: Sequence[int] | None) -> tuple[float, ...]:
    kept = np.ones(len(runs[0].label), bool) if classes is None else np.isin(runs[0].label, classes)
    return tuple(float(recalls(run.correct[-1:, kept], run.label[kept])[0]) for run in runs)

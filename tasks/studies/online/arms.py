"""The arms of the study `online`: how each makes its batches, what it trained on and decoded, and what it scored."""

from collections.abc import Mapping, Sequence

from storage.record.stats import Stats
from tasks.studies.scored.answers import Answers
from tasks.studies.scored.compare import Difference, Level, differences, level


class ArmNumbers(Stats):
    """One arm: what it cost, and its scores."""

    name: str
    trained: int
    decoded: int
    level: Level


class OnlineNumbers(Stats):
    """What the study says: the arms, and every two of them that trained on, or decoded, equally many pairs."""

    arms: tuple[ArmNumbers, ...]
    equal_trained: tuple[tuple[str, str], ...]
    equal_decoded: tuple[tuple[str, str], ...]
    differences: tuple[Difference, ...]


def online_numbers(
    answers: Mapping[str, Sequence[Answers]], cost: Mapping[str, tuple[int, int]], *, confidence: float
) -> OnlineNumbers:
    """Levels, and differences of arms of equal cost, each pair once.

    Args:
        answers: of every arm, one a seed in the same order.
        cost: pairs trained on, and decoded.
        confidence: of the intervals.
    """
    names = list(answers)
    pairs = [(ours, theirs) for place, theirs in enumerate(names) for ours in names[place + 1 :]]
    trained, decoded = ([pair for pair in pairs if cost[pair[0]][k] == cost[pair[1]][k]] for k in (0, 1))
    wanted = list(dict.fromkeys([*trained, *decoded]))
    return OnlineNumbers(
        arms=tuple(
            ArmNumbers(
                name=name, trained=cost[name][0], decoded=cost[name][1], level=level(runs, confidence=confidence)
            )
            for name, runs in answers.items()
        ),
        equal_trained=tuple(trained),
        equal_decoded=tuple(decoded),
        differences=tuple(differences(answers, wanted, confidence=confidence)),
    )

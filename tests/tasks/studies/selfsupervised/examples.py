"""Outcomes that are made up, so that what is said of them is known."""

from tasks.studies.selfsupervised.config import ArmLabel
from tasks.studies.selfsupervised.measured import Outcome


def outcome(group: str, name: str, seed: int, linear: float, **changes: float | None) -> Outcome:
    label = ArmLabel(group=group, name=name, seed=seed, paper=changes.pop("paper", None))
    values = {"neighbours": linear - 0.02, "effective_rank": 20.0, "spread": 0.9, "directions": 12.0, "norm": 3.0,
              "prototypes": 9.0, "seconds": 2.0}  # fmt: skip
    return Outcome(label=label, linear=linear, **(values | changes))


def outcomes() -> list[Outcome]:
    """Two methods, three arms, three seeds: in the first one arm is surely better, in the second nothing is told."""
    found = [outcome("untrained", "network", seed, 0.3 + 0.01 * seed, spread=None, norm=None) for seed in range(3)]
    for seed, noise in enumerate((0.0, 0.011, -0.009)):
        found += [
            outcome("first", "alone", seed, 0.40 + noise, spread=0.01, paper=0.0),
            outcome("first", "better", seed, 0.50 + noise + 0.0001 * seed, paper=66.1),
            outcome("second", "alone", seed, 0.45 + noise),
            outcome("second", "the same", seed, 0.45 - noise),
        ]
    return found

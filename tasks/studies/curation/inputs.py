"""What the page of the study `curation` is given."""

from collections.abc import Sequence
from dataclasses import dataclass

from storage.record.manifest import Manifest

ORIGINAL = "original"
"""The arm without any selection."""


@dataclass(frozen=True)
class Arm:
    """One set of training data, and the trainings on it.

    Attributes:
        name: of the arm.
        control_of: of a uniform sample, the arm whose effective sample size it has; "" for any other.
        realised: what `realise` wrote; None where there is no selection by keywords.
        along: what `evaluate_along` wrote, one a seed.
    """

    name: str
    control_of: str
    realised: Manifest | None
    along: Sequence[Manifest]

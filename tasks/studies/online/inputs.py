"""What the page of the study `online` is given."""

from collections.abc import Sequence
from dataclasses import dataclass

from storage.record.manifest import Manifest


@dataclass(frozen=True)
class Arm:
    """One way of making batches.

    Attributes:
        name: of the way.
        trained: pairs that each training saw.
        decoded: pictures that it had to decode for them.
        along: what `evaluate_along` wrote, one a seed.
    """

    name: str
    trained: int
    decoded: int
    along: Sequence[Manifest]

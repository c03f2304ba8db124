"""What the page of the study `zero-shot` is given."""

from collections.abc import Sequence
from dataclasses import dataclass

from storage.record.manifest import Manifest


@dataclass(frozen=True)
class Cell:
    """One setting: text encoder, batch and half steps, on one benchmark."""

    encoder: str
    batch: int
    half_steps: int
    benchmark: str

    @property
    def name(self) -> str:
        """In words."""
        return f"{self.benchmark}, {self.encoder}, batch {self.batch}, k = {self.half_steps}"


@dataclass(frozen=True)
class Labels:
    """Pairs with labels, and what encodes their pictures, as `ingest` and `embed` wrote them."""

    pairs: Sequence[Manifest]
    embeddings: Sequence[Manifest]


@dataclass(frozen=True)
class ScoredRun:
    """One training of a setting: what `evaluate_along` wrote, and `judge_along` and `probe_along`, if asked."""

    cell: Cell
    seed: int
    along: Manifest
    judged: Manifest | None = None
    probed: Manifest | None = None

"""What the stages before the report left, by name: the report's inputs.

The graph of `flows` fills these with whatever its engine gives (futures, or places that are pending); the stage gets
them with a manifest in each place.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from storage.record.manifest import Manifest
from tasks.reporting.config import Cell, RunLabel


@dataclass(frozen=True)
class Leaks:
    """What one benchmark shares with the pairs: the output of `leakage`, and the benchmark's images as pairs."""

    found: Manifest
    images: Manifest


@dataclass(frozen=True)
class Screening:
    """What came in, and what of it goes on.

    Attributes:
        ingested: groups of pairs as the sources gave them.
        pairs: the groups that go on to be balanced and trained on.
        dropped: the same where rows may have been dropped, else none.
        tree: `geometry` of all ingested pairs, by which near-duplicates are found.
        duplicates: the output of `deduplicate`.
        leaks: by benchmark.
        encoder: by what pictures were compared, in words; empty where they were not.
    """

    ingested: Sequence[Manifest]
    pairs: Sequence[Manifest]
    dropped: Sequence[Manifest] = ()
    tree: Manifest | None = None
    duplicates: Manifest | None = None
    leaks: Mapping[str, Leaks] = field(default_factory=dict)
    encoder: str = ""


@dataclass(frozen=True)
class Curation:
    """What balancing made of the pairs.

    Attributes:
        entries: the keyword list, with its audit.
        matches: group by group, in the order of the pairs.
        balanced: weights and marginals.
        selection: which rows how often.
        curated: the selected rows as shards.
        random: a uniform selection of the same effective size.
    """

    entries: Manifest
    matches: Sequence[Manifest]
    balanced: Manifest
    selection: Manifest
    curated: Manifest
    random: Manifest


@dataclass(frozen=True)
class Trained:
    """One trained model; `base` is the encoder below it when it is a pair of heads."""

    run: RunLabel
    model: Manifest
    base: Manifest | None = None


@dataclass(frozen=True)
class Training:
    """What training left.

    Attributes:
        models: every model that was trained.
        geometry: by variant, how its embeddings lie.
        density: by variant, how densely the pairs of each keyword lie.
        encoder: by what the pairs were embedded, in words; empty where they were not.
    """

    models: Sequence[Trained] = ()
    geometry: Mapping[str, Manifest] = field(default_factory=dict)
    density: Mapping[str, Manifest] = field(default_factory=dict)
    encoder: str = ""


@dataclass(frozen=True)
class Scored:
    """One model's scores on one benchmark."""

    cell: Cell
    scores: Manifest


@dataclass(frozen=True)
class Backbone:
    """A self-supervised training."""

    seed: int
    model: Manifest


@dataclass(frozen=True)
class Probed:
    """What a backbone's features are worth; `run` says whose, trained or untrained."""

    run: RunLabel
    scores: Manifest

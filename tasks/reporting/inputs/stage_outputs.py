"""What the stages before the report left, by name: the report's inputs.

The graph of `flows` fills these with whatever its engine gives (futures, or places that are pending); the stage gets
them with a manifest in each place.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from storage.record.manifest import Manifest
from tasks.embedding.record import EncoderRecord
from tasks.reporting.config import Cell, RunLabel


@dataclass(frozen=True)
class Leaks:
    """What one benchmark shares with the pairs.

    Attributes:
        found: the output of `leakage`.
        images: the benchmark's images as pairs.
        embedded: what they were compared by.
    """

    found: Manifest
    images: Manifest
    embedded: Manifest | None = None


@dataclass(frozen=True)
class Screening:
    """What came in, and what of it goes on.

    Attributes:
        ingested: groups of pairs as the sources gave them; nothing is ever taken out of these.
        dropped: group by group, which of the rows are gone; empty where none can be.
        tree: `geometry` of all ingested pairs, by which near-duplicates are found.
        duplicates: the output of `deduplicate`.
        leaks: by benchmark.
        encoder: by what pictures were compared, in words; empty where they were not.
        survey: the look over all groups together.
        embedded: what the pairs' pictures were compared by, group by group.
    """

    ingested: Sequence[Manifest]
    dropped: Sequence[Manifest] = ()
    tree: Manifest | None = None
    duplicates: Manifest | None = None
    leaks: Mapping[str, Leaks] = field(default_factory=dict)
    encoder: str = ""
    survey: Manifest | None = None
    embedded: Sequence[Manifest] = ()


@dataclass(frozen=True)
class Curation:
    """What balancing made of the pairs.

    Attributes:
        entries: the keyword list, with its audit.
        matches: group by group, row by row those of the pairs.
        balanced: the law on keywords, and marginals.
        scaled: from the law to expected copies.
        selection: which rows how often, group by group.
        realised: what the selection holds.
        curated: the selected rows as shards, some of them in each.
        random: a uniform selection of the same effective size, group by group.
    """

    entries: Manifest
    matches: Sequence[Manifest]
    balanced: Manifest
    scaled: Manifest
    selection: Sequence[Manifest]
    realised: Manifest
    curated: Sequence[Manifest]
    random: Sequence[Manifest]


@dataclass(frozen=True)
class Trained:
    """One trained model; `base` is the encoder below it where it is a pair of heads."""

    run: RunLabel
    model: Manifest
    base: EncoderRecord | None = None


@dataclass(frozen=True)
class Training:
    """What training left.

    Attributes:
        models: every model that was trained.
        geometry: by variant, how its embeddings lie.
        density: by variant, how densely the pairs of each keyword lie.
        encoder: by what the pairs were embedded, in words; empty where they were not.
        embedded: the pairs' embeddings, group by group.
    """

    models: Sequence[Trained] = ()
    geometry: Mapping[str, Manifest] = field(default_factory=dict)
    density: Mapping[str, Manifest] = field(default_factory=dict)
    encoder: str = ""
    embedded: Sequence[Manifest] = ()


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

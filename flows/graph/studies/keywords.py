"""Keywords of the pairs, and what a way of balancing makes of them, as two studies need it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from flows.config.studies.curation import CurationArm
from flows.engine.engine import Engine, Ref
from flows.graph.studies.encoding import Features
from storage.record.external import external
from tasks.balancing.task import balance
from tasks.matching.config import MatchingConfig, MetadataConfig
from tasks.matching.lists.installed_versions import installed_lists
from tasks.matching.task import match, metadata
from tasks.resampling.task import realise, scale, select


@dataclass(frozen=True)
class Selected:
    """One way of balancing: its law, its selection group by group, and what that holds."""

    balanced: Ref
    selection: Sequence[Ref]
    realised: Ref


def matched_pairs(
    engine: Engine, words: MetadataConfig, matching: MatchingConfig, features: Features, store: Path
) -> tuple[Ref, list[Ref]]:
    """The keyword list, and the matches of every group of pairs.

    Args:
        engine: the engine.
        words: the keyword list.
        matching: substring matching.
        features: of the pairs.
        store: the store.
    """
    entries = engine.submit(
        metadata,
        label="metadata",
        config=words,
        files=external(words.files, store) if words.files else None,
        pairs=[],
        installed=installed_lists(words.sources),
        gone=[],
    )
    matches = [
        engine.submit(match, label=f"match {index}", config=matching, entries=entries, pairs=shard, gone=None)
        for index, shard in enumerate(features.pairs)
    ]
    return entries, matches


def selected(
    engine: Engine, name: str, arm: CurationArm, entries: Ref, matches: Sequence[Ref], features: Features
) -> Selected:
    """Matches → a law → a selection.

    Args:
        engine: the engine.
        name: of the way, for labels.
        arm: how to balance and draw.
        entries: the keyword list.
        matches: group by group.
        features: of the pairs.
    """
    balanced = engine.submit(
        balance, label=f"balance {name}", config=arm.balancing, entries=entries, matches=list(matches)
    )
    scaled = engine.submit(
        scale, label=f"scale {name}", config=arm.resampling, balanced=balanced, matches=list(matches)
    )
    selection = [
        engine.submit(
            select,
            label=f"select {name} {index}",
            config=arm.resampling,
            balanced=balanced,
            scaled=scaled,
            matches=each,
        )
        for index, each in enumerate(matches)
    ]
    realised = engine.submit(
        realise,
        label=f"realise {name}",
        balanced=balanced,
        scaled=scaled,
        selection=selection,
        pairs=list(features.pairs),
    )
    return Selected(balanced, selection, realised)

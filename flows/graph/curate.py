"""Curation: pairs → matches → weights → selection → curated shards, and the random control."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flows.config.pipeline import PipelineConfig
from flows.engine.engine import Engine, Ref
from storage.record.external import external
from tasks.balancing.task import balance
from tasks.matching.lists.installed_versions import installed_lists
from tasks.matching.task import match, metadata
from tasks.reporting.inputs.stage_outputs import Curation, Screening
from tasks.resampling.config import SubsampleConfig
from tasks.resampling.task import curate, select, subsample


@dataclass(frozen=True)
class Data:
    """One variant of the training data: shards, and which of their rows how often (None: every row once)."""

    shards: Sequence[Ref]
    selection: Ref | None = None


def curate_graph(engine: Engine, config: PipelineConfig, screening: Screening) -> Curation:
    """Screened pairs → matches → weights → selection → curated shards, and the random control."""
    store = config.runtime.store
    pairs = list(screening.pairs)
    entries = engine.submit(
        metadata,
        label="metadata",
        config=config.metadata,
        files=external(config.metadata.files, store) if config.metadata.files else None,
        pairs=pairs if config.metadata.reads_corpus else [],
        installed=installed_lists(config.metadata.sources),
    )
    matches = [
        engine.submit(match, label=f"match {index}", config=config.matching, entries=entries, pairs=shard)
        for index, shard in enumerate(pairs)
    ]
    balanced = engine.submit(balance, label="balance", config=config.balancing, entries=entries, matches=matches)
    selection = engine.submit(
        select, label="select balanced", config=config.resampling, balanced=balanced, matches=matches
    )
    curated = engine.submit(
        curate, label="curate", config=config.curated, selection=selection, pairs=pairs, matches=matches
    )
    control = SubsampleConfig(seed=config.resampling.seed)
    random = engine.submit(subsample, label="select random", config=control, pairs=pairs, size_of=selection)
    return Curation(entries, matches, balanced, selection, curated, random)


def variants(screening: Screening, curation: Curation) -> Mapping[str, Data]:
    """The data sets that are compared on equal budgets."""
    return {
        "original": Data(screening.pairs),
        "balanced": Data([curation.curated]),
        "random": Data(screening.pairs, curation.random),
    }


def selections(curation: Curation) -> Mapping[str, Ref | None]:
    """The same data sets as selections of the pairs; None is every row once."""
    return {"original": None, "balanced": curation.selection, "random": curation.random}

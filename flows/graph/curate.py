"""Curation: pairs → matches → a law → a selection → curated shards, and the random control; group by group."""

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
from tasks.resampling.task import gather, realise, scale, scatter, select, subsample, thin

GATHERINGS = 4
"""Runs that the curated shards are written by, where there is more than one group; the drawing stays readable."""


@dataclass(frozen=True)
class Data:
    """One variant of the training data: shards, which rows how often (None: every row once), and which are gone."""

    shards: Sequence[Ref]
    selection: Sequence[Ref] | None = None
    gone: Sequence[Ref] = ()


def keyword_list(engine: Engine, config: PipelineConfig, pairs: Sequence[Ref], gone: Sequence[Ref] = ()) -> Ref:
    """The keyword list; of the pairs, and of those that are gone, only where a source of it reads them."""
    files, corpus = config.metadata.files, config.metadata.reads_corpus
    concepts = config.matching.kind == "concepts"
    return engine.submit(
        metadata,
        label="metadata",
        config=config.metadata,
        files=external(files, config.runtime.store) if files else None,
        pairs=list(pairs) if corpus else [],
        installed=installed_lists(config.metadata.sources),
        gone=list(gone) if corpus else [],
        matching=config.matching if concepts else None,
    )


def curate_graph(engine: Engine, config: PipelineConfig, screening: Screening, entries: Ref) -> Curation:
    """Pairs → matches → a law → a selection → curated shards, and the random control."""
    pairs = list(screening.ingested)
    matches = [
        engine.submit(match, label=f"match {index}", config=config.matching, entries=entries, pairs=shard, gone=gone)
        for index, (shard, gone) in enumerate(zip(pairs, gone_of(screening), strict=True))
    ]
    balanced = engine.submit(balance, label="balance", config=config.balancing, entries=entries, matches=matches)
    scaled = engine.submit(scale, label="scale", config=config.resampling, balanced=balanced, matches=matches)
    selection = [
        engine.submit(
            select, label=f"select {index}", config=config.resampling, balanced=balanced, scaled=scaled, matches=each
        )
        for index, each in enumerate(matches)
    ]
    realised = engine.submit(
        realise, label="realise", balanced=balanced, scaled=scaled, selection=selection, pairs=pairs
    )
    scattered = [
        engine.submit(
            scatter,
            label=f"scatter {index}",
            config=config.curated,
            realised=realised,
            pairs=shard,
            matches=matched,
            selection=selected,
        )
        for index, (shard, matched, selected) in enumerate(zip(pairs, matches, selection, strict=True))
    ]
    parts = GATHERINGS if len(pairs) > 1 else 1
    curated = [
        engine.submit(
            gather, label=f"gather {part}", config=config.curated, scattered=scattered, part=part, parts=parts
        )
        for part in range(parts)
    ]
    control = SubsampleConfig(seed=config.resampling.seed)
    cut = engine.submit(subsample, label="subsample", config=control, matches=matches, realised=realised)
    random = [
        engine.submit(thin, label=f"thin {index}", config=control, cut=cut, matches=each)
        for index, each in enumerate(matches)
    ]
    return Curation(entries, matches, balanced, scaled, selection, realised, curated, random)


def gone_of(screening: Screening) -> Sequence[Ref | None]:
    """Which rows are gone, for every group."""
    return screening.dropped or [None] * len(screening.ingested)


def variants(screening: Screening, curation: Curation) -> Mapping[str, Data]:
    """The data sets that are compared on equal budgets. What is gone is in none of them."""
    return {
        "original": Data(screening.ingested, None, screening.dropped),
        "balanced": Data(curation.curated),
        "random": Data(screening.ingested, curation.random, screening.dropped),
    }


def selections(curation: Curation) -> Mapping[str, Sequence[Ref] | None]:
    """The same data sets as selections of the pairs; None is every row once."""
    return {"original": None, "balanced": curation.selection, "random": curation.random}

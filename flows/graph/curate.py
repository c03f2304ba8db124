"""Curation: sources → pairs, screened → matches → weights → selection → curated shards, and the random control."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flows.config.pipeline import PipelineConfig
from flows.engine import Engine
from flows.graph.ingest import ingest_graph
from flows.graph.screen import Dataset, Ref, Screening, datasets, screen_graph
from storage.record.external import external
from tasks.balancing.task import balance
from tasks.ingest.task import survey
from tasks.matching.lists.installed_versions import installed_lists
from tasks.matching.task import match, metadata
from tasks.resampling.config import SubsampleConfig
from tasks.resampling.task import curate, select, subsample


@dataclass(frozen=True)
class Data:
    """One variant of the training data: shards, and which of their rows how often (None: every row once)."""

    shards: Sequence[Ref]
    selection: Ref | None = None


@dataclass(frozen=True)
class Curation:
    """What `curate` leaves.

    ingested: all pairs, of which screening lets some pass; datasets: the benchmarks, where screening needed them.
    """

    ingested: Sequence[Ref]
    screening: Screening
    datasets: Mapping[str, Dataset]
    entries: Ref
    matches: Sequence[Ref]
    balanced: Ref
    selection: Ref
    curated: Ref
    random: Ref

    @property
    def pairs(self) -> Sequence[Ref]:
        """The groups of pairs that are balanced and trained on."""
        return self.screening.pairs

    @property
    def variants(self) -> Mapping[str, Data]:
        """The data sets that are compared on equal budgets."""
        return {
            "original": Data(self.pairs),
            "balanced": Data([self.curated]),
            "random": Data(self.pairs, self.random),
        }

    def selection_of(self, variant: str) -> Ref | None:
        """A variant as a selection of the original pairs."""
        return {"original": None, "balanced": self.selection, "random": self.random}[variant]


def curate_graph(engine: Engine, config: PipelineConfig) -> Curation:
    """Sources → pairs, screened → matches → weights → selection → curated shards, and the random control."""
    store = config.runtime.store
    ingested = ingest_graph(engine, config.sources, store)
    engine.submit(survey, ingested, label="survey")
    places = datasets(engine, config) if config.compared else {}
    screening = screen_graph(engine, config, ingested, places)
    pairs = list(screening.pairs)
    lists = external(config.metadata.files, store) if config.metadata.files else None
    corpus = pairs if config.metadata.reads_corpus else []
    installed = installed_lists(config.metadata.sources)
    entries = engine.submit(metadata, config.metadata, lists, corpus, installed, label="metadata")
    matches = [
        engine.submit(match, config.matching, entries, shard, label=f"match {index}")
        for index, shard in enumerate(pairs)
    ]
    balanced = engine.submit(balance, config.balancing, entries, matches, label="balance")
    selection = engine.submit(select, config.resampling, balanced, matches, label="select balanced")
    curated = engine.submit(curate, config.curated, selection, pairs, matches, label="curate")
    control = SubsampleConfig(seed=config.resampling.seed)
    random = engine.submit(subsample, control, pairs, selection, label="select random")
    return Curation(ingested, screening, places, entries, matches, balanced, selection, curated, random)

"""What a run left in its store, looked up and never computed."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from flows.config.pipeline import PipelineConfig
from flows.engine.status import Pending, StatusEngine
from flows.graph.build import build, curate
from storage.caching.stage import Stage
from storage.errors import InputError
from storage.hashing import hash_json
from storage.record.manifest import Manifest
from storage.store.store import Store
from storage.store.workspace import Runtime
from storage.tree import leaves
from tasks.reporting.inputs.stage_outputs import Curation, Screening


@dataclass(frozen=True)
class StoredCuration:
    """A curation whose every stage is in the store, as the configuration has it now.

    What the configuration takes down (`balancing.takedown`) or screens out is therefore in none of it.
    """

    store: Store
    screening: Screening
    curation: Curation

    def shards(self, name: str = "curated") -> list[Path]:
        """The files `<name>-*.parquet` of the curated set, in their order: `curated`, or `validation`."""
        return [path for each in self.curation.curated for path in self.files(each, f"{name}-*.parquet")]

    def files(self, output: Manifest, pattern: str) -> list[Path]:
        """Files of one stage's output that match, by name."""
        return self.store.files(output, pattern)

    @property
    def origin(self) -> str:
        """Stands for the content of the curated set."""
        return hash_json([each.digest for each in self.curation.curated])


def stored_curation(config: PipelineConfig) -> StoredCuration:
    """The curation of a configuration. Raises `InputError` where a stage of it has not run."""
    screening, curation = curate(StatusEngine(config.runtime), config)
    missing = [where for where, leaf in leaves(curation) if not isinstance(leaf, Manifest)]
    if missing:
        raise InputError(
            f"the curated set of {config.name!r} is not in {config.runtime.store} as it is configured now "
            f"({_counted(missing)} to be computed); run it first: `equipoise run CONFIG --verb curate`"
        )
    return StoredCuration(Store(config.runtime.store), screening, curation)


def stored_embeddings(config: PipelineConfig) -> list[Manifest]:
    """The embeddings of a configuration's `encoder`, group by group of the pairs.

    Raises `InputError` where there is no encoder, or a group was not embedded.
    """
    if config.encoder is None:
        raise InputError(f"{config.name!r} embeds nothing: its configuration has no `encoder`")
    engine = _EmbeddingsEngine(config.runtime)
    build(engine, config, "train")
    found = [each for each in engine.embedded if isinstance(each, Manifest)]
    if len(found) < len(engine.embedded):
        raise InputError(
            f"{len(engine.embedded) - len(found)} of {len(engine.embedded)} groups of {config.name!r} are not embedded "
            "as they are configured now; run `equipoise run CONFIG --verb train` first"
        )
    return found


class _EmbeddingsEngine(StatusEngine):
    """Remembers the outputs by which the pairs are embedded for training and geometry."""

    def __init__(self, runtime: Runtime) -> None:
        super().__init__(runtime)
        self.embedded: list[Manifest | Pending] = []

    def submit(
        self, stage: Stage, *, label: str, after: Sequence[Manifest | Pending] = (), **inputs: object
    ) -> Manifest | Pending:
        ref = super().submit(stage, label=label, after=after, **inputs)
        if re.fullmatch(r"embed \d+", label):
            self.embedded.append(ref)
        return ref


def _counted(missing: Sequence[str]) -> str:
    return "one stage run has" if len(missing) == 1 else f"{len(missing)} stage runs have"

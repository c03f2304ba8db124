"""What a run left in its store, looked up and never computed."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from flows.config.pipeline import PipelineConfig
from flows.engine.status import StatusEngine
from flows.graph.build import curate
from storage.errors import InputError
from storage.hashing import hash_json
from storage.record.manifest import Manifest
from storage.store.store import Store
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
        found = [self.store.directory(each.stage, each.key) for each in self.curation.curated]
        return [path for directory in found for path in sorted(directory.glob(f"{name}-*.parquet"))]

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


def _counted(missing: Sequence[str]) -> str:
    return "one stage run has" if len(missing) == 1 else f"{len(missing)} stage runs have"

"""One row's whole story, read from the store: caption, screening, keywords, weight after every step, draw, shard."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from flows.config.pipeline import PipelineConfig
from flows.engine.status import StatusEngine
from flows.graph.build import curate
from storage.errors import InputError
from storage.record.manifest import Manifest
from storage.store.store import Store
from storage.tables.ids import read_ids
from storage.tables.shards import read_table
from tasks.balancing.explain import BalancingStory, explain_balancing
from tasks.balancing.stats import BalanceStats
from tasks.reporting.inputs.stage_outputs import Screening
from tasks.reporting.inputs.untrusted import displayed
from tasks.resampling.explain import SelectionStory, explain_selection
from tasks.resampling.stats import SelectStats
from tasks.screening.explain import DroppingStory, explain_dropping

LEAKAGE = "leakage "  # before the benchmark's name in a run's label


@dataclass(frozen=True)
class Story:
    """What became of one row.

    `rejected` is the reason and its detail where the row was not ingested; `dropping` what screening found of it, and
    `kept` the key of the row that stays in its stead; `leaked` the key of the evaluation image that it is near to.
    """

    key: str
    id: int | None = None
    caption: str = ""
    source: str = ""
    rejected: str | None = None
    dropping: DroppingStory | None = None
    kept: str | None = None
    leaked: str | None = None
    balancing: BalancingStory | None = None
    selection: SelectionStory | None = None


def explain(config: PipelineConfig, wanted: str) -> Story:
    """The story of one row, by id or by the source's own key.

    Raises `InputError` where curation has not run yet, or no row has that id or key.
    """
    screening, curation = curate(StatusEngine(config.runtime), config)
    runs = _screening(screening)
    stages = [*screening.ingested, *runs.values(), *screening.dropped]
    stages += [*curation.matches, curation.balanced, curation.selection, curation.curated]
    if not all(isinstance(manifest, Manifest) for manifest in stages):
        raise InputError(f"the curation of {config.name} is not complete in the store; run it first")
    store = Store(config.runtime.store)
    pairs = _files(store, screening.ingested, "pairs-*.parquet")
    row = _find(pairs, wanted, ["id", "key", "caption", "source"])
    if row is None:
        return _rejected(_files(store, screening.ingested, "rejected.parquet"), wanted)
    folders = {run: store.directory(manifest.stage, manifest.key) for run, manifest in runs.items()}
    dropping = explain_dropping(row["id"], folders)
    if dropping.by is not None and screening.dropped:
        stays = _key(pairs, dropping.kept)
        leaks = screening.leaks.get(dropping.by.removeprefix(LEAKAGE))
        images = _files(store, [leaks.images] if leaks else [], "pairs-*.parquet")
        return Story(**row, dropping=dropping, kept=stays, leaked=_key(images, dropping.evaluation))
    balanced, selected = (
        store.directory("balance", curation.balanced.key),
        store.directory("select", curation.selection.key),
    )
    balancing = explain_balancing(
        row["id"],
        balanced=balanced,
        stats=BalanceStats.of(curation.balanced),
        matches=_files(store, curation.matches, "matches-*.parquet"),
        entries=selected / "entries.parquet",
    )
    selection = explain_selection(
        row["id"],
        weights=sorted(balanced.glob("weights-*.parquet")),
        selection=selected / "selection.parquet",
        stats=SelectStats.of(curation.selection),
        config=config.resampling,
        curated=_files(store, [curation.curated], "*.parquet"),
    )
    return Story(**row, dropping=dropping, balancing=balancing, selection=selection)


def _screening(screening: Screening) -> dict[str, Any]:
    """The runs that list rows to drop, by their labels, in the order in which `drop` takes them."""
    runs = {f"{LEAKAGE}{name}": leaks.found for name, leaks in screening.leaks.items()}
    return runs | ({} if screening.duplicates is None else {"deduplicate": screening.duplicates})


def _files(store: Store, manifests: Sequence[Any], pattern: str) -> list[Path]:
    return [
        path for manifest in manifests for path in sorted(store.directory(manifest.stage, manifest.key).glob(pattern))
    ]


def _find(paths: Sequence[Path], wanted: str, columns: Sequence[str]) -> dict[str, Any] | None:
    """The first row whose id is `wanted`, in any spelling, or else whose key it is."""
    for column, values in (("id", pa.array(read_ids(wanted), pa.uint64())), ("key", pa.array([wanted]))):
        for path in paths if len(values) else ():
            table = read_table(path, columns)
            found = table.filter(pc.is_in(table[column], value_set=values))
            if found.num_rows:
                row: dict[str, Any] = found.slice(0, 1).to_pylist()[0]
                return row
    return None


def _key(paths: Sequence[Path], id_: int | None) -> str | None:
    """The source's own key of the row with an id."""
    row = None if id_ is None else _find(paths, str(id_), ["id", "key"])
    return None if row is None else str(row["key"])


def _rejected(paths: Iterable[Path], wanted: str) -> Story:
    for path in paths:
        table = read_table(path)
        found = table.filter(pc.equal(table["key"], wanted)).slice(0, 1).to_pylist()
        if found:
            return Story(key=wanted, rejected=f"{found[0]['reason']} ({displayed(found[0]['detail'] or '', 300)})")
    raise InputError(f"no row has the id or key {wanted!r}; keys are those of the source, as in the `pairs` table")

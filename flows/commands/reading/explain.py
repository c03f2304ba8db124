"""One row's whole story, read from the store: caption, screening, keywords, weight after every step, draw, shard."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flows.commands.reading.find_row import Place, ending_of, find_picture, find_row, row_at
from flows.config.pipeline import PipelineConfig
from flows.engine.status import StatusEngine
from flows.graph.build import curate
from storage.errors import InputError
from storage.record.manifest import Manifest
from storage.store.store import Store
from storage.tables.schemas import CONCEPTS
from storage.tables.shards import read_table
from tasks.balancing.explain import BalancingStory, explain_balancing
from tasks.balancing.stats import BalanceStats
from tasks.reporting.inputs.stage_outputs import Screening
from tasks.reporting.inputs.untrusted import displayed
from tasks.resampling.explain import SelectionStory, explain_selection
from tasks.resampling.stats import ScaleStats
from tasks.screening.explain import DroppingStory, explain_dropping

LEAKAGE = "leakage "  # before the benchmark's name in a run's label


@dataclass(frozen=True)
class ConceptStory:
    """What was detected in a row's picture, by a column of its source.

    Attributes:
        column: its name.
        threshold: concepts of a lower score do not count; None: all do.
        detected: labels, and their scores where they have some.
    """

    column: str
    threshold: float | None
    detected: tuple[tuple[str, float | None], ...]


@dataclass(frozen=True)
class Story:
    """What became of one row.

    `rejected` is the reason and its detail where the row was not ingested; `dropping` what screening found of it, and
    `kept` the key of the row that stays in its place; `leaked` the key of the evaluation image that it is near to;
    `concepts` where its keywords come from, where that is not the caption.
    """

    key: str
    id: int | None = None
    caption: str = ""
    source: str = ""
    rejected: str | None = None
    dropping: DroppingStory | None = None
    kept: str | None = None
    leaked: str | None = None
    concepts: ConceptStory | None = None
    balancing: BalancingStory | None = None
    selection: SelectionStory | None = None


def explain(config: PipelineConfig, wanted: str) -> Story:
    """The story of one row, by id, by the source's own key, or by the name of its picture.

    Raises `InputError` where curation has not run yet, no row is called so, or several have that picture.
    """
    screening, curation = curate(StatusEngine(config.runtime), config)
    runs = _screening(screening)
    stages = [*screening.ingested, *runs.values(), *screening.dropped, *curation.matches, curation.balanced]
    stages += [curation.scaled, *curation.selection, curation.realised, *curation.curated]
    if not all(isinstance(manifest, Manifest) for manifest in stages):
        raise InputError(f"the curation of {config.name} is not complete in the store; run it first")
    store = Store(config.runtime.store)
    pairs = _files(store, screening.ingested, "pairs-*.parquet")
    place = find_row(pairs, wanted)
    if place is None:
        refused = _files(store, screening.ingested, "rejected.parquet")
        if rejected := _rejected(refused, f"^{re.escape(wanted)}$"):
            return rejected
        place = find_picture(pairs, wanted)
        if place is None and (rejected := _rejected(refused, ending_of(wanted))):
            return rejected
    if place is None:
        raise InputError(
            f"no row has the id, key or picture {wanted!r}; keys are those of the source, as in the `pairs` table"
        )
    row = row_at(pairs[place.file], place.row, ["id", "key", "caption", "source"])
    folders = {run: store.directory(manifest.stage, manifest.key) for run, manifest in runs.items()}
    dropping = explain_dropping(row["id"], folders)
    if dropping.by is not None and screening.dropped:
        stays = _key(pairs, dropping.kept)
        leaks = screening.leaks.get(dropping.by.removeprefix(LEAKAGE))
        images = _files(store, [leaks.images] if leaks else [], "pairs-*.parquet")
        return Story(**row, dropping=dropping, kept=stays, leaked=_key(images, dropping.evaluation))
    gone = _dropped(store, screening, pairs, place, row)
    if gone is not None:
        return Story(**row, dropping=gone)
    # Matches and selection stand beside the pairs, file by file and row by row.
    held = row_at(_files(store, curation.matches, "matches-*.parquet")[place.file], place.row, ["entries"])["entries"]
    selection = read_table(_files(store, curation.selection, "selection-*.parquet")[place.file])
    chosen = selection.filter(pc.equal(selection["row"], place.row)).to_pylist()
    balancing = explain_balancing(
        row["id"],
        None if held is None else np.array(held, dtype=np.uint32),
        balanced=store.directory("balance", curation.balanced.key),
        stats=BalanceStats.of(curation.balanced),
        entries=store.directory("realise", curation.realised.key) / "entries.parquet",
    )
    drawn = explain_selection(
        row["id"],
        balancing.weight,
        chosen[0] if chosen else None,
        stats=ScaleStats.of(curation.scaled),
        config=config.resampling,
        curated=_files(store, curation.curated, "*.parquet"),
    )
    concepts = _concepts(config, row["source"], pairs[place.file], place.row)
    return Story(**row, dropping=dropping, concepts=concepts, balancing=balancing, selection=drawn)


def _concepts(config: PipelineConfig, source: str, path: Path, row: int) -> ConceptStory | None:
    """Where a row's keywords come from; None where they are looked for in its caption."""
    if config.matching.kind == "captions":
        return None
    column = next(getattr(each, "concepts", "") for each in config.sources if each.name == source)
    found = row_at(path, row, [CONCEPTS])[CONCEPTS] or []
    return ConceptStory(column, config.matching.threshold, tuple((each["label"], each["score"]) for each in found))


def _dropped(
    store: Store, screening: Screening, pairs: Sequence[Path], place: Place, row: dict[str, Any]
) -> DroppingStory | None:
    """Why a row that nothing was found of is gone all the same: it was filtered, or taken down."""
    for manifest, ingested in zip(screening.dropped, screening.ingested, strict=bool(screening.dropped)):
        folder = store.directory(manifest.stage, manifest.key)
        if pairs[place.file].parent != store.directory(ingested.stage, ingested.key):
            continue
        held = read_table(folder / "gone.parquet", ["id"])["id"]
        if pc.index(held, pa.scalar(row["id"], pa.uint64())).as_py() < 0:
            return None
        rejected = read_table(folder / "rejected.parquet")
        why = rejected.filter(pc.equal(rejected["key"], row["key"])).slice(0, 1).to_pylist()[0]
        return DroppingStory(by="filter" if why["detail"] else "takedown", reason=why["detail"] or why["reason"])
    return None


def _screening(screening: Screening) -> dict[str, Any]:
    """The runs that list rows to drop, by their labels, in the order in which `drop` takes them."""
    runs = {f"{LEAKAGE}{name}": leaks.found for name, leaks in screening.leaks.items()}
    return runs | ({} if screening.duplicates is None else {"deduplicate": screening.duplicates})


def _files(store: Store, manifests: Sequence[Any], pattern: str) -> list[Path]:
    return [path for manifest in manifests for path in store.files(manifest, pattern)]


def _key(paths: Sequence[Path], id_: int | None) -> str | None:
    """The source's own key of the row with an id."""
    place = None if id_ is None else find_row(paths, str(id_))
    return None if place is None else str(row_at(paths[place.file], place.row, ["key"])["key"])


def _rejected(paths: Iterable[Path], pattern: str) -> Story | None:
    """The story of the first row that was not ingested and whose key fits a pattern."""
    for path in paths:
        table = read_table(path)
        named = pc.match_substring_regex(table["key"], pattern)
        if found := table.filter(named).slice(0, 1).to_pylist():
            why = f"{found[0]['reason']} ({displayed(found[0]['detail'] or '', 300)})"
            return Story(key=found[0]["key"], rejected=why)
    return None

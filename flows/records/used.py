"""Which outputs and runs used an output of the store, or one row: by parents, and for rows by what the tables hold."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from storage.errors import InputError
from storage.record.manifest import Manifest
from storage.store.runs import RunRecord, runs
from storage.store.store import Store

LISTS = ("gone.parquet", "dropped.parquet", "rejected.parquet", "leaks.parquet", "captions.parquet")
"""Tables that name rows which are left out, or only found."""
_SHORTEST = 6  # digits of a key or digest that are taken for one


@dataclass(frozen=True)
class Used:
    """What used something.

    Attributes:
        found: the outputs that were asked for, or that hold the row.
        outputs: every output that was made from them, oldest first, themselves among them.
        runs: of each run on record that made or reused one of those, newest first, the labels of its stage runs.
    """

    found: tuple[Manifest, ...]
    outputs: tuple[Manifest, ...]
    runs: tuple[tuple[RunRecord, tuple[str, ...]], ...]


def output_used(store: Store, wanted: str) -> Used | None:
    """Who used an output: a file or folder of the store, `stage/key`, or the first digits of a key or digest.

    None where nothing is so called. Raises `InputError` for a place of the store that holds no output.
    """
    manifests = list(store.manifests())
    found = _named(store, manifests, wanted)
    if not found:
        return None
    start = {(each.stage, each.digest) for each in found}

    def used(manifest: Manifest, reached: set[tuple[str, str]]) -> bool:
        return _identity(manifest) in start or _reads(manifest, reached)

    return _used(store, found, manifests, used)


def row_used(store: Store, identity: int) -> Used:
    """Who used a row: the tables that hold it, and what was made from them.

    A training used the row where its pairs hold it, its selection (if it has one) drew it, and screening left it. What
    is global, as the keywords' law, used every row that was matched.
    """
    manifests = list(store.manifests())
    holds = {_identity(each): _holds(store, each, identity) for each in manifests}
    lost = {_identity(each) for each in manifests if _lists(store, each, identity)}

    def used(manifest: Manifest, reached: set[tuple[str, str]]) -> bool:
        held = holds[_identity(manifest)]
        if held is not None:
            return held
        read: dict[str, list[tuple[str, str]]] = {}
        for parent in manifest.parents:
            name = parent.argument.partition("[")[0].partition(".")[0]
            read.setdefault(name, []).append((parent.stage, parent.digest))
        if any(each in lost for each in read.get("gone", ())):
            return False
        if "selection" in read and manifest.stage != "realise":
            return any(each in reached for each in read["selection"])
        return _reads(manifest, reached)

    found = tuple(each for each in manifests if holds[_identity(each)])
    return _used(store, found, manifests, used)


def _used(
    store: Store,
    found: Sequence[Manifest],
    manifests: Sequence[Manifest],
    used: Callable[[Manifest, set[tuple[str, str]]], bool],
) -> Used:
    """Everything reached; an output may have been made again after what reads it, so that one pass is not enough."""
    reached: set[tuple[str, str]] = set()
    before = -1
    while len(reached) > before:
        before = len(reached)
        reached |= {_identity(each) for each in manifests if used(each, reached)}
    outputs = tuple(each for each in manifests if _identity(each) in reached)
    entries = [
        (record, tuple(use.label for use in record.uses if (use.stage, use.digest) in reached))
        for record in runs(store.root)
    ]
    return Used(tuple(found), outputs, tuple(entry for entry in entries if entry[1]))


def _identity(manifest: Manifest) -> tuple[str, str]:
    """Stage and content: what reads an output reads every output of the same bytes."""
    return manifest.stage, manifest.digest


def _reads(manifest: Manifest, reached: set[tuple[str, str]]) -> bool:
    return any((parent.stage, parent.digest) in reached for parent in manifest.parents)


def _named(store: Store, manifests: Iterable[Manifest], wanted: str) -> tuple[Manifest, ...]:
    path = Path(wanted)
    place = path if path.exists() else store.root / path
    if place.exists() and place.resolve().is_relative_to(store.root.resolve()):
        parts = place.resolve().relative_to(store.root.resolve()).parts
        manifest = store.read(*parts[:2]) if len(parts) >= 2 else None
        if manifest is None:
            raise InputError(f"{wanted} is no output of {store.root}; name a file or folder below STAGE/KEY")
        return (manifest,)
    digits = wanted.rpartition("/")[2].lower()
    if len(digits) < _SHORTEST or set(digits) - set("0123456789abcdef"):
        return ()
    return tuple(each for each in manifests if each.key.startswith(digits) or each.digest.startswith(digits))


def _tables(store: Store, manifest: Manifest, *, lists: bool) -> list[Path]:
    folder = store.directory(manifest.stage, manifest.key)
    named = [folder / file.path for file in manifest.files if file.path.endswith(".parquet")]
    kept = [path for path in named if (path.name in LISTS) == lists and path.is_file()]
    return [path for path in kept if "id" in pq.read_schema(path).names]


def _holds(store: Store, manifest: Manifest, identity: int) -> bool | None:
    """Whether an output's tables of rows hold the row; None where files are there and none is such a table."""
    if not manifest.files:
        return False
    tables = _tables(store, manifest, lists=False)
    return any(_in(path, identity) for path in tables) if tables else None


def _lists(store: Store, manifest: Manifest, identity: int) -> bool:
    return any(_in(path, identity) for path in _tables(store, manifest, lists=True) if path.name == "gone.parquet")


def _in(path: Path, identity: int) -> bool:
    """Whether a table's column `id` holds a number; row groups whose range leaves it out are not read."""
    wanted = pc.field("id") == pa.scalar(identity, pa.uint64())
    return bool(pq.read_table(path, columns=["id"], filters=wanted, page_checksum_verification=True).num_rows)

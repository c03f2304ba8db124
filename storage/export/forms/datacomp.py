"""What selects without copying a byte: DataComp's uid subset, and weights by uid."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import JsonValue

from storage.errors import InputError
from storage.export.parts import Finished, Job, Part, Tell, Written, origin_of, write_parts
from storage.export.record import Export, PartRecord
from storage.mapped import new_array
from storage.tables.shards import iter_batches
from storage.tables.uids import UID, Uids, parse_uids, uid_part

SUBSET, WEIGHTS = "subset.npy", "weights.parquet"
UIDS_AT_ONCE = 1 << 25
"""About so many uids are in memory (800 MB with their order); of more, a range at a time, each in a pass of its own."""

WEIGHTS_SCHEMA = pa.schema(
    [("uid", pa.string()), ("weight", pa.float64()), ("copies", pa.uint32()), ("seed", pa.uint64())]
)


def write_datacomp(paths: Sequence[Path], directory: Path, job: Job | None = None, *, seed: int = 0) -> Export:
    """`subset.npy`, which DataComp's `resharder.py` takes, and `weights.parquet`.

    The subset holds the rows' uids as `(uid[:16], uid[16:])`, two uint64 read as hexadecimal, in lexicographic order, a
    uid as often as its row's multiplicity says; rows that are copies or captions of one uid (`uid#1`) add up.

    Args:
        paths: curated shards.
        directory: must not exist, be empty, or hold this very export.
        job: what the shards are, and how the export is done.
        seed: of the selection.

    Raises:
        InputError: a key is not a uid, 32 lower-case hexadecimal digits, so that the pairs are not DataComp's; or
            `directory` holds something else.
    """

    def subset(folder: Path, tell: Tell) -> Written:
        rows = _write_subset(paths, folder / SUBSET)
        tell(0, (folder / SUBSET).stat().st_size)
        return Written((SUBSET,), 0, {"uids": rows})

    job = job or Job(origin_of(paths))
    return _write(paths, directory, "datacomp", job, seed, [Part(0, subset)])


def write_weights(paths: Sequence[Path], directory: Path, job: Job | None = None, *, seed: int = 0) -> Export:
    """`weights.parquet`: `uid` (the source's own key), `weight`, `copies`, `seed`, for `equipoise.select`.

    Of a DataComp uid's copies and captions (`uid#1`) each row has the uid; whoever selects adds them up.

    Every selected row of any source, in the order of the shards. Weights have mean 1 over the captions that match;
    copies are what was drawn by the seed. Raises `InputError` where `directory` holds something else.
    """
    return _write(paths, directory, "weights", job or Job(origin_of(paths)), seed, [])


def _write(paths: Sequence[Path], directory: Path, form: str, job: Job, seed: int, more: Sequence[Part]) -> Export:
    def weights(folder: Path, tell: Tell) -> Written:
        return _write_weights(paths, folder, seed, tell)

    total = sum(pq.read_metadata(path).num_rows for path in paths)
    settings: dict[str, JsonValue] = {"seed": seed}
    return write_parts(directory, form, settings, [*more, Part(total, weights)], _finish, job)


def _finish(folder: Path, parts: Sequence[PartRecord]) -> Finished:
    return Finished()


def _write_weights(paths: Sequence[Path], folder: Path, seed: int, tell: Tell) -> Written:
    copies = 0
    with pq.ParquetWriter(folder / WEIGHTS, WEIGHTS_SCHEMA, compression="zstd") as writer:
        for batch in iter_batches(list(paths), columns=["key", "weight", "multiplicity"]):
            many = batch["multiplicity"].cast(pa.uint32())
            seeds = pa.repeat(pa.scalar(seed, pa.uint64()), len(batch))
            table = pa.table([uid_part(batch["key"]), batch["weight"], many, seeds], schema=WEIGHTS_SCHEMA)
            writer.write_table(table)
            copies += int(pa.compute.sum(many).as_py() or 0)
            tell(len(batch), table.nbytes)
    return Written((WEIGHTS,), copies)


def _write_subset(paths: Sequence[Path], file: Path) -> int:
    total = 0
    for _, copies in _uids(paths):
        total += int(copies.sum())
    subset = new_array(file, UID, (total,)) if total else np.zeros(0, UID)
    parts, end = max(1, -(-total // UIDS_AT_ONCE)), 0
    for part in range(parts):
        held = [np.zeros((0, 2), np.uint64)]
        for uids, copies in _uids(paths):
            here = (uids[:, 0] >> np.uint64(32)) * np.uint64(parts) >> np.uint64(32) == part
            held.append(np.repeat(uids[here], copies[here], axis=0))
        uids = np.concatenate(held)
        order = np.lexsort((uids[:, 1], uids[:, 0]))
        start, end = end, end + len(uids)
        subset["f0"][start:end], subset["f1"][start:end] = uids[order, 0], uids[order, 1]
    if isinstance(subset, np.memmap):
        subset.flush()
    else:
        np.save(file, subset)
    return total


def _uids(paths: Sequence[Path]) -> Iterator[tuple[Uids, npt.NDArray[np.int64]]]:
    """Uids as two numbers each, uint64 `[n, 2]`, and their copies, a batch at a time."""
    for path in paths:
        row = 0
        for batch in iter_batches(path, columns=["key", "multiplicity"], rows=1 << 16):
            yield _parsed(batch["key"], path, row), batch["multiplicity"].to_numpy().astype(np.int64)
            row += len(batch)


def _parsed(keys: pa.Array, path: Path, first: int) -> Uids:
    found, odd = parse_uids(uid_part(keys))
    if odd.any():
        wrong = int(np.flatnonzero(odd)[0])
        raise InputError(
            f"the key {keys[wrong].as_py()!r} (row {first + wrong} of {path.name}) is not a DataComp "
            "uid (32 hexadecimal digits), and only of those there are subsets; --format weights takes any key"
        )
    return found

"""An export in parts: each is written once, and the folder appears under its name when all are there.

A killed export goes on with the parts that are missing.
"""

import json
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import JsonValue

from storage.atomic import write_whole
from storage.errors import InputError
from storage.export.record import RECORD, REJECTED_NAME, Export, File, PartRecord, Record, export_of, present
from storage.export.samples import rejected_table
from storage.hashing import canonical_json, hash_json
from storage.store.lock import locked
from storage.tables.shards import write_table

VERSION = 1
PIECES = ".parts"
"""Folder of what is removed when the export is done: a part may write pieces there that `finish` joins."""
_SYNCS = 16  # files that are synchronised at a time

Tell = Callable[[int, int], None]
"""Takes rows and bytes that were written since the last call; returns soon and raises nothing."""


def nobody(rows: int, size: int) -> None:
    """Tell nobody."""


@dataclass(frozen=True)
class Job:
    """What an export is of, and how it is done.

    Attributes:
        origin: stands for the content of what is exported, such as its digests.
        workers: parts that are written at a time.
        tell: is told of rows and bytes as they are written.
        expect: is told of all rows before the first part.
        address: where the folder's content will lie in the end, where that is not the folder.
    """

    origin: str = ""
    workers: int = 1
    tell: Tell = nobody
    expect: Callable[[int], None] = lambda rows: None
    address: str | None = None


@dataclass(frozen=True)
class Written:
    """What one part wrote.

    Attributes:
        files: relative to the export's folder; those that belong to the data, and pieces in `PIECES`.
        rows: copies counted.
        facts: what `finish` needs to know of it.
        tables: rows of tables that all parts write together, such as `rejected`, by the table's name.
        beside: more files than can be listed, such as images.
    """

    files: tuple[str, ...]
    rows: int
    facts: Mapping[str, JsonValue] = field(default_factory=dict)
    tables: Mapping[str, pa.Table] = field(default_factory=dict)
    beside: tuple[str, ...] = ()


@dataclass(frozen=True)
class Part:
    """One part: how many rows it takes, and what writes it into a folder."""

    rows: int
    write: Callable[[Path, Tell], Written]


@dataclass(frozen=True)
class Finished:
    """What was made from all parts together: more data files, and facts for `export.json`."""

    files: tuple[str, ...] = ()
    facts: Mapping[str, JsonValue] = field(default_factory=dict)


Finish = Callable[[Path, Sequence[PartRecord]], Finished]
"""Writes what is made from all parts together. May run again after a kill."""


def origin_of(paths: Sequence[Path]) -> str:
    """What stands for the content of files that no manifest vouches for: their paths, sizes and times."""
    seen = [(path, path.stat()) for path in paths]
    return hash_json([[str(path.resolve()), stat.st_size, stat.st_mtime_ns] for path, stat in seen])


def write_parts(
    directory: Path,
    form: str,
    settings: Mapping[str, JsonValue],
    parts: Sequence[Part],
    finish: Finish,
    job: Job,
) -> Export:
    """Write an export's parts into a hidden folder beside `directory`, which gets that name when all is done.

    Args:
        directory: where it goes; must not exist or be empty, or hold this very export.
        form: name of the format.
        settings: all else that decides about the bytes; with `job.origin` they say which export this is.
        parts: whose files have different names.
        finish: called when all parts are there.
        job: how it is done.

    Raises:
        InputError: `directory` holds something else, another process is writing it, or no row could be exported.
    """
    identity = hash_json([VERSION, form, dict(settings), job.origin])
    partial = directory.with_name(f".{directory.name}.partial")
    directory.parent.mkdir(parents=True, exist_ok=True)
    with locked(directory.with_name(f".{directory.name}.lock"), wait=False) as held:
        if not held:
            raise InputError(f"another process is exporting to {directory}; wait for it, or name another target")
        if (there := present(directory, identity)) is not None:
            return there
        _begin(partial, identity)
        record = _write(partial, form, identity, parts, finish, job)
        partial.replace(directory)
        _sync([directory.parent])
    return export_of(directory, record)


def _write(partial: Path, form: str, identity: str, parts: Sequence[Part], finish: Finish, job: Job) -> Record:
    """All parts, and what is made of them together. What a person must mend first leaves nothing behind."""
    job.expect(sum(part.rows for part in parts))
    try:
        records = _write_all(partial, parts, job)
        tables = _join_tables(partial, len(parts))
        rows = sum(record.rows for record in records)
        if not rows and tables[REJECTED_NAME]:
            first = pq.read_table(partial / f"{REJECTED_NAME}.parquet").slice(0, 1).to_pylist()[0]
            raise InputError(
                f"none of {tables[REJECTED_NAME]:,} rows can be exported as {form}; the first: {first['reason']} "
                f"({first['detail']})"
            )
        done = finish(partial, records)
    except InputError:
        shutil.rmtree(partial)
        raise
    files = [file for part in records for file in part.files if not file.path.startswith(PIECES)]
    files += [_file(partial, name) for name in done.files]
    files.sort(key=lambda file: file.path)
    record = Record(
        format=form, identity=identity, rows=rows, tables=tables, files=tuple(files), facts=dict(done.facts)
    )
    write_whole(partial / RECORD, record.model_dump_json(indent=1) + "\n")
    shutil.rmtree(partial / PIECES)
    _sync([path for path in partial.iterdir() if path.is_file()])
    return record


def _begin(partial: Path, identity: str) -> None:
    """The hidden folder, with what an earlier run of the same export left there; what another left is removed."""
    mark = partial / PIECES / "identity"
    if partial.exists() and (not mark.is_file() or mark.read_text(encoding="utf-8") != identity):
        shutil.rmtree(partial)
    mark.parent.mkdir(parents=True, exist_ok=True)
    write_whole(mark, identity)


def _write_all(partial: Path, parts: Sequence[Part], job: Job) -> list[PartRecord]:
    """The records of all parts. After the first fault, or Ctrl-C, no further part is begun."""
    stopped = Event()

    def one(number: int, part: Part) -> PartRecord | None:
        if stopped.is_set():
            return None
        try:
            return _part(partial, number, part, job.tell)
        except BaseException:
            stopped.set()
            raise

    with ThreadPoolExecutor(max(1, job.workers)) as pool:
        futures = [pool.submit(one, number, part) for number, part in enumerate(parts)]
        try:
            found = [future.result() for future in futures]
        finally:
            stopped.set()
    return [record for record in found if record is not None]


def _part(partial: Path, number: int, part: Part, tell: Tell) -> PartRecord:
    """A part's record; the part is written where it is not there, whole."""
    note = partial / PIECES / f"{number:08d}.json"
    if note.is_file():
        kept = PartRecord.model_validate_json(note.read_bytes())
        tell(part.rows, sum(file.bytes for file in kept.files))
        return kept
    written = part.write(partial, tell)
    for name, table in ({REJECTED_NAME: rejected_table([])} | dict(written.tables)).items():
        write_table(partial / PIECES / f"{number:08d}.{name}.parquet", table)
    _sync([partial / name for name in (*written.files, *written.beside)])
    files = tuple(_file(partial, name) for name in written.files)
    record = PartRecord(files=files, rows=written.rows, facts=dict(written.facts))
    write_whole(note, record.model_dump_json())
    return record


def _file(folder: Path, name: str) -> File:
    return File(path=name, bytes=(folder / name).stat().st_size)


def _join_tables(partial: Path, parts: int) -> dict[str, int]:
    """Every table that parts wrote together as one file, a part at a time; rows by table."""
    names = sorted({path.name.split(".")[1] for path in (partial / PIECES).glob("*.parquet")} | {REJECTED_NAME})
    rows = {}
    for name in names:
        pieces = [path for n in range(parts) if (path := partial / PIECES / f"{n:08d}.{name}.parquet").is_file()]
        schema = pq.read_schema(pieces[0]) if pieces else rejected_table([]).schema
        with pq.ParquetWriter(partial / f"{name}.parquet", schema, compression="zstd") as writer:
            rows[name] = 0
            for piece in pieces:
                table = pq.read_table(piece)
                rows[name] += table.num_rows
                if table.num_rows:
                    writer.write_table(table)
    return rows


def _sync(paths: Sequence[Path]) -> None:
    def one(path: Path) -> None:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    with ThreadPoolExecutor(_SYNCS) as pool:
        list(pool.map(one, paths))


def write_json(path: Path, value: JsonValue) -> None:
    """A small JSON document, the same bytes for the same value."""
    canonical_json(value)  # refuses NaN
    path.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")

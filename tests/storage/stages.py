"""Small stages that the tests of storage run."""

import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import pyarrow as pa
from pydantic import Field, JsonValue

from storage.caching.stage import stage
from storage.config import Config, NotInKey
from storage.errors import InputError
from storage.record.manifest import Manifest
from storage.store.workspace import Workspace
from storage.tables.shards import ShardWriter, read_table

NUMBERS = pa.schema([("number", pa.int64())])


class CountConfig(Config):
    """How many numbers to write."""

    rows: int = Field(default=10, ge=0)
    log: Annotated[Path | None, NotInKey()] = Field(default=None, description="a line is added there at each run")
    seconds: Annotated[float, NotInKey()] = Field(default=0.0, description="how long to take")


@stage("count", version=1, modules=())
def count(config: CountConfig, *, work: Workspace) -> Mapping[str, JsonValue]:
    """The numbers from 0, in shards of four."""
    note(config.log, "count")
    with ShardWriter(work.output, "numbers", NUMBERS, rows_per_shard=4) as writer:
        writer.write(pa.table({"number": pa.array(range(config.rows), pa.int64())}))
    (work.scratch / "checkpoint").write_text("half way")
    time.sleep(config.seconds)
    return {"rows": config.rows}


@stage("parity", version=1, modules=())
def parity(numbers: Manifest, log: "Log", *, work: Workspace) -> Mapping[str, JsonValue]:
    """Each number modulo 2: many inputs give the same bytes."""
    note(log.path, "parity")
    table = read_table(work.paths(numbers, "numbers-*.parquet"))
    values = pa.array([number % 2 for number in table["number"].to_pylist()][:2], pa.int64())
    with ShardWriter(work.output, "parity", NUMBERS) as writer:
        writer.write(pa.table({"number": values}))
    return {"rows": len(values)}


@stage("total", version=1, modules=())
def total(parts: Sequence[Manifest], log: "Log", *, work: Workspace) -> Mapping[str, JsonValue]:
    """The sum over several inputs; refuses an empty one."""
    note(log.path, "total")
    (work.output / "half-written").write_text("x" * 1000)
    numbers = [read_table(work.paths(part, "*.parquet"))["number"].to_pylist() for part in parts]
    if not all(numbers):
        raise InputError("an input of total has no rows")
    (work.output / "half-written").unlink()
    (work.output / "total.txt").write_text(str(sum(map(sum, numbers))))
    return {"total": sum(map(sum, numbers))}


class Log(Config):
    """Where a stage notes that it ran."""

    path: Annotated[Path | None, NotInKey()] = None


def note(log: Path | None, line: str) -> None:
    """Append one line in one write, so that processes may share a log."""
    if log:
        with open(log, "ab", buffering=0) as file:
            file.write(f"{line} {os.getpid()}\n".encode())


def runs(log: Path) -> list[str]:
    """Names of the stages that ran, in order."""
    return [line.split()[0] for line in log.read_text().splitlines()] if log.exists() else []

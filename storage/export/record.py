"""`export.json`: which export a folder holds, and of which files."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import BaseModel, ConfigDict, JsonValue

from storage.errors import InputError

RECORD = "export.json"
REJECTED_NAME = "rejected"


class File(BaseModel):
    """A data file of an export."""

    model_config = ConfigDict(frozen=True)

    path: str
    bytes: int


class PartRecord(BaseModel):
    """A part that is done."""

    model_config = ConfigDict(frozen=True)

    files: tuple[File, ...]
    rows: int
    facts: dict[str, JsonValue]


class Record(BaseModel):
    """What `export.json` says: which export this is, and what it holds."""

    model_config = ConfigDict(frozen=True)

    format: str
    identity: str
    rows: int
    tables: dict[str, int]
    files: tuple[File, ...]
    facts: dict[str, JsonValue]


@dataclass(frozen=True)
class Export:
    """What an export holds.

    Attributes:
        files: its data files in order.
        rows: over all of them, copies counted.
        rejected: rows that it had to leave out; they are in `rejected.parquet`.
        rewritten: captions that the form could not hold as they were; they are in `rewritten.parquet`.
        bytes: of the data files.
        facts: what the form adds, such as samples by shard.
        was_there: whether all of it was there before.
    """

    files: tuple[Path, ...]
    rows: int
    rejected: int
    rewritten: int = 0
    bytes: int = 0
    facts: Mapping[str, JsonValue] = field(default_factory=dict)
    was_there: bool = False


def present(directory: Path, identity: str) -> Export | None:
    """The export that is there already; None where there is nothing.

    Raises `InputError` where something else lies there, or a file of the export is missing or cut short.
    """
    if not directory.exists() or (directory.is_dir() and not any(directory.iterdir())):
        return None
    try:
        record = Record.model_validate_json((directory / RECORD).read_bytes())
    except (OSError, ValueError):
        raise InputError(f"{directory} exists already; name another target, or remove it first") from None
    if record.identity != identity:
        raise InputError(
            f"{directory} holds another export ({record.format}, {record.rows:,} rows; its format, settings or data "
            "differ); name another target, or remove it first"
        )
    for file in record.files:
        path = directory / file.path
        if not path.is_file() or path.stat().st_size != file.bytes:
            raise InputError(f"{path} of this export is missing or cut short; remove {directory} and export again")
    return export_of(directory, record, was_there=True)


def export_of(directory: Path, record: Record, *, was_there: bool = False) -> Export:
    """What a record says of the export in a folder."""
    return Export(
        files=tuple(directory / file.path for file in record.files),
        rows=record.rows,
        rejected=record.tables[REJECTED_NAME],
        rewritten=record.tables.get("rewritten", 0),
        bytes=sum(file.bytes for file in record.files),
        facts=record.facts,
        was_there=was_there,
    )

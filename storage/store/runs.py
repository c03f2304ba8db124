"""The book of runs: which run of which experiment made or reused which outputs of the store.

A file a run below `<store>/.runs/`, written whole when the run ends. An output is named by its key, so the book says
who used it as long as its files are kept, and remembers the name when they are not.
"""

import uuid
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from storage.atomic import where_writable, write_whole
from storage.store.store import Store

RUNS = ".runs"


class Use(BaseModel):
    """One stage run of a run."""

    model_config = ConfigDict(frozen=True)

    label: str
    stage: str
    key: str = Field(description="of its output; empty where there is none")
    digest: str = Field(description="of its output; empty where there is none")
    state: Literal["ran", "cached", "failed", "blocked"]


class RunRecord(BaseModel):
    """What one run used."""

    model_config = ConfigDict(frozen=True)

    id: str = Field(description="of this project; names the file")
    experiment: str
    verb: str
    folder: Path = Field(description="of the run's results, absolute")
    ended: datetime
    flow_run: str | None = Field(default=None, description="Prefect's id of the flow run; None without a server")
    uses: tuple[Use, ...]

    @property
    def words(self) -> str:
        """What people call it: `demo curate, 2026-11-26 18:02`."""
        return f"{self.experiment} {self.verb}, {self.ended:%Y-%m-%d %H:%M}"


def new_id(moment: datetime | None = None) -> str:
    """A name for a run; names sort by the time that they were given."""
    return f"{moment or datetime.now(UTC):%Y%m%dT%H%M%S%f}-{uuid.uuid4().hex[:8]}"


def write_run(store: Path, record: RunRecord) -> Path:
    """Enter a run into the book, unless the store can only be read; returns the file."""
    path = store / RUNS / f"{record.id}.json"
    with where_writable("the book of runs"):
        Store(store).folder(RUNS)
        write_whole(path, record.model_dump_json())
    return path


def runs(store: Path) -> Iterator[RunRecord]:
    """Every readable run, newest first."""
    return _records(store)


def _records(store: Path, holding: bytes = b"") -> Iterator[RunRecord]:
    """The readable runs, newest first; those alone whose file holds some bytes: the others are not parsed."""
    for path in sorted((store / RUNS).glob("[!.]*.json"), reverse=True):
        try:
            content = path.read_bytes()
            if holding in content:
                yield RunRecord.model_validate_json(content)
        except (OSError, ValidationError):
            continue


def makers(store: Path) -> Mapping[str, RunRecord]:
    """For each key the newest run that computed it; keys that no run on record computed are left out."""
    found: dict[str, RunRecord] = {}
    for record in _records(store, holding=b'"ran"'):  # most runs of a schedule found everything, and made nothing
        for use in record.uses:
            if use.state == "ran":
                found.setdefault(use.key, record)
    return found

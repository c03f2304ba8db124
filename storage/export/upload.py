"""An export delivered to a URL: file by file, going on where it stopped, and whole when its record is there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from storage.errors import InputError
from storage.export.parts import Tell, nobody
from storage.export.record import RECORD, Record
from storage.places.ask import State, asked, files_below
from storage.places.read import read_bytes

if TYPE_CHECKING:
    from upath import UPath

BEGUN = "export.begun"
"""Holds the identity of the export that is being delivered; it goes when `export.json` is there."""


def deliver(folder: Path, target: UPath, tell: Tell = nobody) -> int:
    """Copy an export to a URL, and return how many files were sent.

    Files that are there with their size are not sent again. `export.json` is sent last: a reader who waits for it reads
    a whole export. Raises `InputError` where something else lies at the target, or the network fails for good.
    """
    record = Record.model_validate_json((folder / RECORD).read_bytes())
    there = {name: state.size for name, state in _there(target)}
    if RECORD in there:
        _require_same(Record.model_validate_json(read_bytes(target / RECORD)).identity, record, target)
    elif BEGUN in there:
        _require_same(read_bytes(target / BEGUN).decode("utf-8", "replace"), record, target)
    elif there:
        raise InputError(f"{target} is not empty; name another target, or remove what is there first")
    else:
        _written(lambda: target.fs.pipe_file((target / BEGUN).path, record.identity.encode()), target / BEGUN)
    sent = 0
    for path in sorted(folder.rglob("*"), key=lambda path: (path == folder / RECORD, path)):
        if not path.is_file():
            continue
        name, size = path.relative_to(folder).as_posix(), path.stat().st_size
        if there.get(name) != size:
            _send(path, target / name)
            sent += 1
        tell(0, size)
    if BEGUN in {name for name, _ in _there(target)}:
        _written(lambda: target.fs.rm_file((target / BEGUN).path), target / BEGUN)
    return sent


def _require_same(identity: str, record: Record, target: UPath) -> None:
    if identity != record.identity:
        raise InputError(f"{target} holds another export; name another target, or remove it first")


def _send(path: Path, target: UPath) -> None:
    _written(lambda: target.fs.makedirs(target.parent.path, exist_ok=True), target)
    _written(lambda: target.fs.put_file(str(path), target.path), target)


def _written(call: Callable[[], object], target: UPath) -> None:
    try:
        asked(call, target)
    except InputError as error:
        raise InputError(f"{target} could not be written; what was sent before stays there: {error}") from error


def _there(target: UPath) -> Iterator[tuple[str, State]]:
    try:
        yield from files_below(target)
    except FileNotFoundError:
        return

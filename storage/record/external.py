"""Fingerprints of what lies outside the store: a changed source is noticed, an unchanged one is not read twice."""

import json
import logging
import os
import threading
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import JsonValue

from storage.atomic import write_whole
from storage.errors import InputError
from storage.hashing import hash_file, hash_json, hash_stream
from storage.places.ask import ASKED_AT_ONCE, State, files_below, is_dir, state
from storage.places.place import Place
from storage.places.read import open_binary
from storage.record.manifest import External

if TYPE_CHECKING:
    from upath import UPath

MEMO = ".external.json"
_SETTLED_NS = 2_000_000_000  # a file changed more recently may change again without a new modification time
_SAVED_EVERY = 10.0  # seconds
_writing = threading.Lock()


def external(path: Place, store: Path) -> External:
    """A file by its content; a folder by its files' names and content, linked files and folders included.

    Content hashes are remembered in the store by (path, size, times of modification and change, inode).
    At a URL the size and the server's mark (an ETag or a checksum, else the time of the last change) stand for the
    content, so that nothing is read; where a server says neither, the content is read, and a line of the log says so.
    Raises `InputError` where there is nothing at `path`.
    """
    return externals([path], store)[0]


def require_unchanged(read: Iterable[External], store: Path) -> None:
    """Raise `InputError` where a source is no longer what it was when its fingerprint was taken.

    Asked when a stage has read it: what was made of other content must not be kept under the old content's key.
    """
    memo = _Memo(store)
    try:
        for each in read:
            try:
                same = _external(each.path, memo).fingerprint == each.fingerprint
            except InputError:
                same = False
            if not same:
                raise InputError(
                    f"{each.path} changed while it was being read, so nothing of it is kept; run again when it is "
                    "complete"
                )
    finally:
        memo.save()


def externals(paths: Sequence[Place], store: Path) -> list[External]:
    """Several, in their order; URLs are asked for side by side, because each answer takes its time."""
    memo = _Memo(store)
    try:
        if all(isinstance(path, Path) for path in paths):
            return [_external(path, memo) for path in paths]
        with ThreadPoolExecutor(ASKED_AT_ONCE) as pool:
            return list(pool.map(lambda path: _external(path, memo), paths))
    finally:
        memo.save()


def _external(path: Place, memo: "_Memo") -> External:
    if not isinstance(path, Path):
        return External(path=path, fingerprint=_remote_fingerprint(path))
    if not path.exists():
        raise InputError(
            f"{path} does not exist; check the path in the configuration (it is taken from the current folder)"
        )
    if path.is_file():
        return External(path=path, fingerprint=memo.hash(os.path.realpath(path)))
    return External(path=path, fingerprint=hash_json([[name, memo.hash(file)] for name, file in _files(path)]))


def _remote_fingerprint(place: "UPath") -> str:
    try:
        if not is_dir(place):
            return hash_json([str(place), *_remote_mark(place, state(place))])
        found = files_below(place)
    except FileNotFoundError:
        raise InputError(f"there is nothing at {place}: correct the URL in the configuration") from None
    return hash_json([str(place), [[name, *_remote_mark(place / name, mark)] for name, mark in found]])


def _remote_mark(place: "UPath", known: State) -> list[JsonValue]:
    """Size and mark of a file at a URL, or the hash of its content where its server gives no mark."""
    if known.mark is None:  # listings of web servers tell names alone
        known = state(place)
    if known.mark is not None:
        return [known.size, known.mark]
    logging.getLogger("equipoise.external").warning(
        "%s: its server gives neither ETag nor Last-Modified, so every run reads it to see whether it changed",
        place,
    )
    with open_binary(place) as file:
        return [known.size, hash_stream(file)]


def _files(folder: Path) -> list[tuple[str, str]]:
    """Name and place of every file below a folder, sorted; linked folders are entered, each once, so that loops end.

    In plain texts: a folder may hold millions, and is looked at again whenever something has read it.
    """
    found: list[tuple[str, str]] = []
    entered: set[tuple[int, int]] = set()
    for parent, folders, names in os.walk(folder, followlinks=True):
        state = Path(parent).stat()
        if (state.st_dev, state.st_ino) in entered:
            folders.clear()
            continue
        entered.add((state.st_dev, state.st_ino))
        below, place = os.path.relpath(parent, folder), os.path.realpath(parent)
        below = "" if below == "." else f"{below}/"
        placed = ((below + name, f"{place}/{name}") for name in names)
        found += [each for each in placed if os.path.isfile(each[1])]  # noqa: PTH113, a path object costs three looks
    return sorted(found, key=lambda each: each[0].split("/"))


class _Memo:
    """Content hashes already computed, in one JSON file of the store.

    What is added is written at the end, and now and then before, so that a kill in hours of reading costs little of it;
    a longer file more rarely.
    """

    def __init__(self, store: Path) -> None:
        self._file = store / MEMO
        self._known = self._load()
        self._added: dict[str, str] = {}
        self._next = time.monotonic() + _SAVED_EVERY

    def _load(self) -> dict[str, str]:
        try:
            known = json.loads(self._file.read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return {}
        return known if isinstance(known, dict) else {}

    def hash(self, path: str) -> str:
        """The content's hash of a file at an absolute path."""
        mark, changed = _mark(path)
        if mark in self._known:
            return self._known[mark]
        content = hash_file(Path(path))
        if time.time_ns() - changed > _SETTLED_NS and _mark(path)[0] == mark:
            self._known[mark] = self._added[mark] = content
            if time.monotonic() >= self._next:
                self.save()
        return content

    def save(self) -> None:
        """Write what was added, beside what others have."""
        with _writing:
            began, added = time.monotonic(), dict(self._added)
            if not added:
                return
            with suppress(OSError):  # a store that cannot be written to remembers nothing: files are read again
                write_whole(self._file, json.dumps(self._load() | added, indent=0, sort_keys=True))
            for mark in added:
                del self._added[mark]
            now = time.monotonic()
            self._next = now + max(_SAVED_EVERY, 20 * (now - began))


def _mark(path: str) -> tuple[str, int]:
    """What identifies a file's state, and when (ns since 1970) it last changed.

    The time of change is the kernel's own: whoever puts the time of modification back (`cp -p`, `rsync -t`) moves it.
    """
    state = os.stat(path)  # noqa: PTH116, as above
    mark = f"{path}|{state.st_size}|{state.st_mtime_ns}|{state.st_ctime_ns}|{state.st_ino}"
    return mark, max(state.st_mtime_ns, state.st_ctime_ns)

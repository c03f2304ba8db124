"""Fingerprints of what lies outside the store: a changed source is noticed, an unchanged one is not read twice."""

import json
import os
import threading
import time
from pathlib import Path

from storage.atomic import write_whole
from storage.errors import InputError
from storage.hashing import hash_file, hash_json
from storage.record.manifest import External

MEMO = ".external.json"
_SETTLED_NS = 2_000_000_000  # a file changed more recently may change again without a new modification time
_writing = threading.Lock()


def external(path: Path, store: Path, *, listing: bool = False) -> External:
    """A file by its content; a folder by its files' names and content, linked files and folders included.

    `listing=True` takes names and sizes in place of the content: for folders of images too large to read on every run.
    Content hashes are remembered in the store by (path, size, modification time, inode). Raises `InputError` where
    there is nothing at `path`.
    """
    path = Path(path)
    if not path.exists():
        raise InputError(
            f"{path} does not exist; check the path in the configuration (it is taken from the current folder)"
        )
    memo = _Memo(store)
    if path.is_file():
        fingerprint = memo.hash(path)
    else:
        files = _files(path)
        marks = [str(file.stat().st_size) if listing else memo.hash(file) for file in files]
        names = [file.relative_to(path).as_posix() for file in files]
        fingerprint = hash_json([list(pair) for pair in zip(names, marks, strict=True)])
    memo.save()
    return External(path=path, fingerprint=fingerprint)


def _files(folder: Path) -> list[Path]:
    """Every file below a folder, sorted; linked folders are entered, each once, so that a loop ends."""
    found: list[Path] = []
    entered: set[tuple[int, int]] = set()
    for parent, folders, names in os.walk(folder, followlinks=True):
        state = Path(parent).stat()
        if (state.st_dev, state.st_ino) in entered:
            folders.clear()
            continue
        entered.add((state.st_dev, state.st_ino))
        folders.sort()
        found += [file for name in names if (file := Path(parent, name)).is_file()]
    return sorted(found)


class _Memo:
    """Content hashes already computed, in one JSON file of the store."""

    def __init__(self, store: Path) -> None:
        self._file = store / MEMO
        self._known = self._load()
        self._added: dict[str, str] = {}

    def _load(self) -> dict[str, str]:
        try:
            known = json.loads(self._file.read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return {}
        return known if isinstance(known, dict) else {}

    def hash(self, path: Path) -> str:
        mark, changed = _mark(path)
        if mark in self._known:
            return self._known[mark]
        content = hash_file(path)
        if time.time_ns() - changed > _SETTLED_NS and _mark(path)[0] == mark:
            self._known[mark] = self._added[mark] = content
        return content

    def save(self) -> None:
        if not self._added:
            return
        with _writing:
            known = self._load() | self._added
            write_whole(self._file, json.dumps(known, indent=0, sort_keys=True))


def _mark(path: Path) -> tuple[str, int]:
    """What identifies a file's state, and when (ns since 1970) it last changed."""
    state = path.stat()
    return f"{path.resolve()}|{state.st_size}|{state.st_mtime_ns}|{state.st_ino}", state.st_mtime_ns

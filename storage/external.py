"""Fingerprints of what lies outside the store, so that a changed source is noticed and an unchanged one is not read twice."""

import json
import os
from pathlib import Path

from storage.errors import InputError
from storage.hashing import hash_file, hash_json
from storage.manifest import External

MEMO = ".external.json"


def external(path: Path, store: Path, *, listing: bool = False) -> External:
    """A file by its content; a folder by its files' names and content.

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
        files = sorted(file for file in path.rglob("*") if file.is_file())
        marks = [str(file.stat().st_size) if listing else memo.hash(file) for file in files]
        names = [file.relative_to(path).as_posix() for file in files]
        fingerprint = hash_json([list(pair) for pair in zip(names, marks, strict=True)])
    memo.save()
    return External(path=path, fingerprint=fingerprint)


class _Memo:
    """Content hashes already computed, in one JSON file of the store."""

    def __init__(self, store: Path) -> None:
        self._file = store / MEMO
        try:
            self._known: dict[str, str] = json.loads(self._file.read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            self._known = {}
        self._changed = False

    def hash(self, path: Path) -> str:
        state = path.stat()
        mark = f"{path.resolve()}|{state.st_size}|{state.st_mtime_ns}|{state.st_ino}"
        if mark not in self._known:
            self._known[mark] = hash_file(path)
            self._changed = True
        return self._known[mark]

    def save(self) -> None:
        if not self._changed:
            return
        self._file.parent.mkdir(parents=True, exist_ok=True)
        temporary = self._file.with_suffix(f".{os.getpid()}.tmp")
        temporary.write_text(json.dumps(self._known, indent=0, sort_keys=True), encoding="utf-8")
        os.replace(temporary, self._file)

"""Garbage in the store: what no kept run needs, found first (`find_garbage`) and removed on request (`remove`)."""

import re
import shutil
import uuid
from collections.abc import Collection, Iterable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

from storage.record.manifest import Manifest
from storage.store.store import LOCKS, MANIFEST, RECORDS, SCRATCH, TEMPORARY, Store

GRACE = timedelta(hours=1)
Kind = Literal["output", "damaged", "temporary", "scratch", "record"]
_KEY = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class Item:
    """One directory or file of the store that may go, and why. `key` is the run it belongs to, where one is known."""

    kind: Kind
    path: Path
    bytes: int
    reason: str
    key: str | None


@dataclass(frozen=True)
class Garbage:
    """What a collection would remove (`items`), the runs it keeps, and what it left alone though nobody needs it."""

    items: tuple[Item, ...]
    kept: tuple[Manifest, ...]
    left: tuple[str, ...]

    @property
    def bytes(self) -> int:
        """Bytes that `remove` would free."""
        return sum(item.bytes for item in self.items)


def find_garbage(
    store: Store,
    roots: Iterable[Manifest],
    *,
    unfinished: Collection[str] = (),
    grace: timedelta = GRACE,
    now: datetime | None = None,
) -> Garbage:
    """What of the store is needed neither by `roots` nor by anything they were computed from. Removes nothing.

    `unfinished` holds keys of runs still wanted, whose checkpoints stay. Whatever changed within `grace` stays, as
    does a run in progress. Only what has the form of the store's own is ever named: directories of a 32-digit key that
    hold a manifest, or lie beside one that does; never anything reached through a symbolic link.
    """
    latest = (now or datetime.now(UTC)) - grace
    kept = tuple(_reachable(store, roots))
    names = {manifest.name for manifest in kept}
    found = [*_outputs(store, names), *_leftovers(store, unfinished), *_records(store, names)]
    items, left = [], []
    for item in sorted(found, key=lambda item: item.path):
        if item.path.is_symlink() or item.path.parent.is_symlink():
            left.append(f"{item.path} is reached through a symbolic link")
        elif _changed(item.path) > latest:
            left.append(f"{item.path} changed less than {grace} ago")
        elif item.key and _in_progress(store, item.key):
            left.append(f"{item.path} belongs to a run in progress")
        else:
            items.append(item)
    return Garbage(tuple(items), kept, tuple(left))


def remove(store: Store, garbage: Garbage) -> int:
    """Remove the items; returns the bytes freed. An item that vanished or came into use meanwhile is passed over.

    A directory first leaves its place by one rename, so that a kill leaves no half-removed output. Lock files that
    killed runs left go, too.
    """
    freed = 0
    for item in garbage.items:
        with store.lock(item.key, wait=False) if item.key else nullcontext(True) as free:
            if free and item.path.exists() and not item.path.is_symlink():
                _remove(store, item.path)
                freed += item.bytes
    for path in _listed(store.root / LOCKS):
        with store.lock(path.name, wait=False):
            pass  # whoever holds a lock last removes its file
    return freed


def _remove(store: Store, path: Path) -> None:
    if not path.is_dir():
        path.unlink()
        return
    aside = store.folder(TEMPORARY) / f"removed-{uuid.uuid4().hex}"
    path.rename(aside)
    shutil.rmtree(aside)


def _reachable(store: Store, roots: Iterable[Manifest]) -> Iterator[Manifest]:
    """Roots and their ancestors, each once.

    A parent whose equal (stage, digest) is already kept needs no second copy under its older key.
    """
    seen: set[str] = set()
    contents: set[tuple[str, str]] = set()
    waiting = sorted(roots, key=lambda manifest: manifest.name)
    while waiting:
        level = {manifest.name: manifest for manifest in waiting if manifest.name not in seen}
        yield from level.values()
        seen |= level.keys()
        contents |= {(manifest.stage, manifest.digest) for manifest in level.values()}
        parents = [parent for manifest in level.values() for parent in manifest.parents]
        wanted = {(parent.stage, parent.key) for parent in parents if (parent.stage, parent.digest) not in contents}
        waiting = [manifest for stage, key in sorted(wanted) if (manifest := store.read(stage, key))]


def _outputs(store: Store, kept: Collection[str]) -> Iterator[Item]:
    for stage in sorted(store.root.glob("[!.]*")):
        if not stage.is_dir():
            continue
        runs = [path for path in sorted(stage.iterdir()) if _KEY.fullmatch(path.name) and path.is_dir()]
        manifests = {path: store.read(stage.name, path.name) for path in runs}
        for path, manifest in manifests.items():
            if manifest and manifest.name not in kept:
                yield Item("output", path, _size(path), "no kept run needs it", path.name)
            elif not manifest and ((path / MANIFEST).is_file() or any(manifests.values())):
                yield Item("damaged", path, _size(path), "its manifest is missing or unreadable", path.name)


def _leftovers(store: Store, unfinished: Collection[str]) -> Iterator[Item]:
    for path in _listed(store.root / TEMPORARY):
        key = path.name.partition("-")[0]
        yield Item("temporary", path, _size(path), "output of a run that ended early", _key(key))
    for path in _listed(store.root / SCRATCH):
        made = store.root.glob(f"[!.]*/{path.name}/{MANIFEST}")
        if any(store.find(manifest.parent.parent.name, path.name) for manifest in made):
            yield Item("scratch", path, _size(path), "checkpoints of a run that is finished", _key(path.name))
        elif path.name not in unfinished:
            yield Item("scratch", path, _size(path), "checkpoints of a run that is not wanted", _key(path.name))


def _records(store: Store, kept: Collection[str]) -> Iterator[Item]:
    keys = {name.partition("/")[2] for name in kept}
    for path in _listed(store.root / RECORDS):
        found = re.search(r"-([0-9a-f]{32})(-|$)", path.name)
        key = found.group(1) if found else None
        if key is None:
            yield Item("record", path, _size(path), "the record of a failure", None)
        elif key not in keys:
            yield Item("record", path, _size(path), "the record of a run that is not kept", key)


def _key(text: str) -> str | None:
    return text if _KEY.fullmatch(text) else None


def _listed(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []


def _in_progress(store: Store, key: str) -> bool:
    with store.lock(key, wait=False) as free:
        return not free


def _size(path: Path) -> int:
    return sum(file.lstat().st_size for file in _tree(path) if not file.is_dir() or file.is_symlink())


def _changed(path: Path) -> datetime:
    """When the newest thing in a tree last changed."""
    return datetime.fromtimestamp(max(file.lstat().st_mtime for file in _tree(path)), UTC)


def _tree(path: Path) -> Iterator[Path]:
    yield path
    if path.is_dir() and not path.is_symlink():
        yield from path.rglob("*")

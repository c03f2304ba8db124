"""What is wrong in a store: every file hashed, and what was made of a damaged one found with it."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from storage.record.manifest import Manifest
from storage.store.store import MANIFEST, Store

_HASHED_AT_ONCE = 4


@dataclass(frozen=True)
class Inspection:
    """What was found.

    Attributes:
        outputs: how many were looked at.
        files: files of theirs, hashed.
        bytes: of those files.
        faults: what is missing, truncated or altered, a sentence each.
        damaged: the outputs that this concerns, `<stage>/<key>`.
        descendants: outputs made of an altered one, at whatever remove, which may hold what its damage did.
        strangers: files beside an output's own that no stage wrote. Nothing reads them.
        earlier: outputs from before manifests had seals. Nothing uses them.
    """

    outputs: int
    files: int
    bytes: int
    faults: tuple[str, ...]
    damaged: tuple[str, ...]
    descendants: tuple[str, ...]
    strangers: tuple[str, ...]
    earlier: tuple[str, ...]


def inspect(store: Store, advance: Callable[[int], object] = lambda size: None) -> Inspection:
    """Hash every file of every output, several at a time; `advance(bytes)` as outputs are done. Changes nothing."""
    manifests = list(store.manifests())
    faults: list[str] = []
    damaged: list[str] = []
    altered: list[str] = []
    with ThreadPoolExecutor(_HASHED_AT_ONCE) as pool:
        looked_at = pool.map(lambda manifest: (manifest, store.damage(manifest, content=True)), manifests)
        for manifest, found in looked_at:
            advance(manifest.bytes)
            if found:
                faults += found
                damaged.append(manifest.name)
                if any("was altered" in fault for fault in found):
                    altered.append(manifest.name)
    earlier = []
    for folder in _unreadable(store, {manifest.name for manifest in manifests}):
        name = folder.relative_to(store.root).as_posix()
        if _has_no_seal(folder / MANIFEST):
            earlier.append(name)
            continue
        faults.append(f"{name}/{MANIFEST} was altered or cut short: it does not agree with its own seal")
        damaged.append(name)
        altered.append(name)
    children = descendants(manifests, altered)
    return Inspection(
        outputs=len(manifests),
        files=sum(len(manifest.files) for manifest in manifests),
        bytes=sum(manifest.bytes for manifest in manifests),
        faults=tuple(faults),
        damaged=tuple(damaged),
        descendants=tuple(name for name in children if name not in damaged),
        strangers=tuple(_strangers(store, manifests)),
        earlier=tuple(earlier),
    )


def descendants(manifests: Sequence[Manifest], roots: Iterable[str]) -> list[str]:
    """Names `<stage>/<key>` of everything that was made of the roots, at whatever remove, oldest first."""
    held = set(roots)
    found: list[str] = []
    grown = True
    while grown:
        grown = False
        for manifest in manifests:
            if manifest.name not in held and any(f"{each.stage}/{each.key}" in held for each in manifest.parents):
                held.add(manifest.name)
                found.append(manifest.name)
                grown = True
    return found


def _unreadable(store: Store, known: set[str]) -> Iterator[Path]:
    """Folders of outputs whose manifest cannot be trusted."""
    for path in sorted(store.root.glob(f"[!.]*/*/{MANIFEST}")):
        if path.parent.relative_to(store.root).as_posix() not in known:
            yield path.parent


def _has_no_seal(path: Path) -> bool:
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return False
    return isinstance(content, dict) and "key" in content and "seal" not in content


def _strangers(store: Store, manifests: Sequence[Manifest]) -> Iterator[str]:
    for manifest in manifests:
        folder = store.directory(manifest.stage, manifest.key)
        own = {MANIFEST, *(file.path for file in manifest.files)}
        for path in sorted(folder.rglob("*")):
            name = path.relative_to(folder).as_posix()
            if not path.is_dir() and name not in own:
                yield f"{manifest.name}/{name}"

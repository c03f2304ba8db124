"""The store: `<store>/<stage>/<key>/`, each published whole or not at all."""

import os
import shutil
import stat
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import pyarrow.parquet as pq

from storage.errors import StoreError
from storage.hashing import hash_file
from storage.record.manifest import FileRef, Manifest, from_sealed_json, to_sealed_json
from storage.store.lock import locked

MANIFEST = "manifest.json"
TEMPORARY = ".tmp"  # unfinished output, in the store itself so that a rename never crosses a file system
SCRATCH = ".scratch"  # checkpoints of unfinished runs, by key
RECORDS = ".records"  # Prefect's cache records, by key
LOCKS = ".locks"  # one file for each run in progress, by key
REMEDY = "run `equipoise verify CONFIG --discard`, which takes it and what was made of it away, then run again"
_sound: set[tuple[str, int, int, int, int]] = set()  # states of files whose hash was found right in this process
_SYNCS = 16  # files that are synchronised at a time


@dataclass(frozen=True)
class Store:
    """A directory of published stage outputs.

    Example:
        >>> import tempfile
        >>> from pathlib import Path, PurePosixPath
        >>> from equipoise import Store
        >>> store = Store(Path(tempfile.mkdtemp()))  # a run's is runs/NAME/store
        >>> [(manifest.stage, manifest.digest) for manifest in store.manifests()]
        []
    """

    root: Path

    def directory(self, stage: str, key: str) -> Path:
        """Where the output of one run lies, or would lie."""
        return self.root / stage / key

    def find(self, stage: str, key: str) -> Manifest | None:
        """The published manifest, or None where there is none or a file is missing or has another size."""
        manifest = self.read(stage, key)
        return manifest if manifest and not self.damage(manifest) else None

    def read(self, stage: str, key: str) -> Manifest | None:
        """The published manifest whatever the state of its files; None for a copy under another name.

        None, too, where the manifest was altered: it vouches for itself (`seal`), as its hashes do for its files.
        """
        path = self.directory(stage, key) / MANIFEST
        try:
            manifest = from_sealed_json(path.read_bytes())
        except (FileNotFoundError, NotADirectoryError, ValueError):
            return None
        return manifest if (manifest.stage, manifest.key) == (stage, key) else None

    def manifests(self, stage: str | None = None) -> Iterator[Manifest]:
        """Every readable manifest, oldest first."""
        found = []
        for path in self.root.glob(f"{stage or '[!.]*'}/*/{MANIFEST}"):
            manifest = self.read(path.parent.parent.name, path.parent.name)
            if manifest:
                found.append(manifest)
        yield from sorted(found, key=lambda manifest: manifest.created)

    def files(self, manifest: Manifest, pattern: str) -> list[Path]:
        """An output's files whose names match a glob pattern, sorted; a file that its manifest does not name is none.

        `*` stays within a folder, as in `Path.glob`.
        """
        folder, depth = self.directory(manifest.stage, manifest.key), pattern.count("/")
        named = (PurePosixPath(file.path) for file in manifest.files)
        return sorted(folder / path for path in named if len(path.parts) == depth + 1 and path.match(pattern))

    def require_sound(self, manifest: Manifest) -> None:
        """Raise `StoreError` where files that are about to be read were altered since they were published.

        Their hashes are held against the manifest's, once for every state of a file. Parquet is left out: its pages
        have checksums of their own, which are looked at as they are read.
        """
        for file in manifest.files:
            path = self.directory(manifest.stage, manifest.key) / file.path
            if path.suffix == ".parquet" or not path.is_file():
                continue
            state = path.stat()
            mark = (str(path.resolve()), state.st_size, state.st_mtime_ns, state.st_ctime_ns, state.st_ino)
            if mark in _sound:
                continue
            if hash_file(path) != file.hash:
                raise StoreError(f"{manifest.name}/{file.path} was altered since it was written; {REMEDY}")
            _sound.add(mark)

    def damage(self, manifest: Manifest, *, content: bool = False) -> tuple[str, ...]:
        """What is wrong with a manifest's files, a sentence each: missing, truncated or (`content`) altered."""
        faults = []
        for file in manifest.files:
            path = self.directory(manifest.stage, manifest.key) / file.path
            size = path.stat().st_size if path.is_file() else None
            if size is None:
                faults.append(f"{manifest.name}/{file.path} is missing")
            elif size != file.bytes:
                faults.append(f"{manifest.name}/{file.path} has {size:,} bytes, not {file.bytes:,}")
            elif content and hash_file(path) != file.hash:
                faults.append(f"{manifest.name}/{file.path} was altered: its hash is not {file.hash}")
        return tuple(faults)

    def folder(self, *names: str) -> Path:
        """A folder of the store, made where it is missing, with the permissions of the store's own.

        A store that a group may write to (`chmod g+ws`) is then one that everybody in it can publish in, whatever the
        masks of its users.
        """
        self.root.mkdir(parents=True, exist_ok=True)
        made = self.root
        for name in names:
            made = made / name
            try:
                made.mkdir()
            except FileExistsError:
                continue
            made.chmod(stat.S_IMODE(self.root.stat().st_mode))
        return made

    def lock(self, key: str, *, wait: bool = True) -> AbstractContextManager[bool]:
        """Hold a key while it is computed: two runs of one key would share its scratch directory."""
        return locked(self.folder(LOCKS) / key, wait=wait)

    def begin(self, key: str) -> Path:
        """A fresh temporary directory for the output of a run."""
        return self.folder(TEMPORARY, f"{key}-{uuid.uuid4().hex}")

    def scratch(self, key: str) -> Path:
        """A directory for a run's checkpoints that outlives the process."""
        return self.folder(SCRATCH, key)

    def publish(self, output: Path, manifest: Manifest) -> None:
        """Give `output` its name in one rename, after its bytes are on disk.

        A damaged earlier directory gives way. If another process published the same key meanwhile, its equal result
        stays and ours is dropped. Raises `ValueError` for a stage that wrote a file of the manifest's name.
        """
        if (output / MANIFEST).exists():
            raise ValueError(f"stage {manifest.stage} wrote {MANIFEST}, a name that the store keeps for itself")
        (output / MANIFEST).write_text(to_sealed_json(manifest), encoding="utf-8")
        with ThreadPoolExecutor(_SYNCS) as pool:  # one by one, each file waits for a commit of the disk's journal
            list(pool.map(_sync, output.rglob("*")))
        _sync(output)
        target = self.directory(manifest.stage, manifest.key)
        self.folder(manifest.stage)
        aside = self.root / TEMPORARY / f"{manifest.key}-damaged-{uuid.uuid4().hex}"
        if target.exists() and self.find(manifest.stage, manifest.key) is None:
            os.replace(target, aside)
        try:
            output.rename(target)
        except OSError:
            if self.find(manifest.stage, manifest.key) is None:
                raise StoreError(f"{target} could not be written; remove it and run again") from None
            shutil.rmtree(output, ignore_errors=True)
        _sync(target.parent)
        shutil.rmtree(aside, ignore_errors=True)
        self.clear_scratch(manifest.key)

    def clear_scratch(self, key: str) -> None:
        """Remove the checkpoints of a run whose output is published; a kill may have cut that short before."""
        if (scratch := self.root / SCRATCH / key).exists():
            shutil.rmtree(scratch, ignore_errors=True)

    def discard(self, stage: str, key: str) -> None:
        """Take an output out of the store in one rename, then remove it; the next run that needs it computes it."""
        aside = self.folder(TEMPORARY) / f"{key}-discarded-{uuid.uuid4().hex}"
        os.replace(self.directory(stage, key), aside)
        shutil.rmtree(aside, ignore_errors=True)  # what another user owns is collected by `gc`


def describe_files(output: Path) -> tuple[FileRef, ...]:
    """Every file below a directory, with its size, rows (Parquet) and content hash, sorted by path.

    Raises `ValueError` at a symbolic link: what it points to could change behind the manifest's back.
    """
    if links := [path for path in output.rglob("*") if path.is_symlink()]:
        raise ValueError(f"a stage's output cannot hold a symbolic link: {links[0].relative_to(output)}")
    files = sorted(path for path in output.rglob("*") if path.is_file() and path != output / MANIFEST)
    return tuple(
        FileRef(
            path=path.relative_to(output).as_posix(),
            bytes=path.stat().st_size,
            rows=pq.read_metadata(path).num_rows if path.suffix == ".parquet" else None,
            hash=hash_file(path),
        )
        for path in files
    )


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

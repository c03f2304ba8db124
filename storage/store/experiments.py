"""Who uses the store: a ledger for each experiment, so that collecting for one never takes what another needs.

`<store>/.experiments/<name>-<mark>.jsonl` begins with a line about the experiment; every further line names an output
that its runs use, `<stage>/<key>`, added when its computation begins or it is found. A killed run has said it all.
"""

import json
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from storage.atomic import where_writable, write_whole
from storage.errors import StoreError
from storage.hashing import hash_json
from storage.record.manifest import Manifest
from storage.store.store import Store

EXPERIMENTS = ".experiments"
_MARK = 8  # digits that tell experiments of one name in two folders apart


@dataclass(frozen=True)
class Use:
    """What one experiment's runs used.

    Attributes:
        name: the experiment's.
        folder: where its report lies.
        configuration: hash of what it computes.
        outputs: stage and key of everything used, in order.
        ledger: the file that says so.
    """

    name: str
    folder: Path
    configuration: str
    outputs: tuple[tuple[str, str], ...]
    ledger: Path


class Ledger:
    """What the runs of one experiment use, as they use it. Safe to use from several threads."""

    def __init__(self, store: Store, name: str, folder: Path, configuration: str) -> None:
        """Open the experiment's ledger; one of another configuration begins anew: what it listed is not needed now."""
        folder = folder.resolve()
        self._store = store
        self._path = ledger_path(store, name, folder)
        self._header = {"name": name, "folder": str(folder), "configuration": configuration}
        self._writing = threading.Lock()
        before = _read(self._path) if self._path.is_file() else None
        known = before.outputs if before and before.configuration == configuration else ()
        self._known = dict.fromkeys(known)
        if before is None or not known:
            self.settle(())

    def add(self, stage: str, key: str) -> None:
        """An output is in use, or its checkpoints are, which it begins with."""
        used = (stage, key)
        with self._writing:
            if used not in self._known:
                self._known[used] = None
                with where_writable("what the run uses"), self._path.open("a", encoding="utf-8") as file:
                    file.write(f"{stage}/{key}\n")

    def settle(self, manifests: Iterable[Manifest]) -> None:
        """These outputs, and no earlier ones, are what the experiment needs: a whole run has ended well."""
        with self._writing:
            self._known = dict.fromkeys((each.stage, each.key) for each in manifests)
            lines = [json.dumps(self._header), *("/".join(used) for used in self._known)]
            with where_writable("what the experiment needs"):
                self._store.folder(EXPERIMENTS)
                write_whole(self._path, "\n".join(lines) + "\n")


def ledger_path(store: Store, name: str, folder: Path) -> Path:
    """Where the ledger of the experiment of this name and folder lies."""
    return store.root / EXPERIMENTS / f"{name}-{hash_json(str(folder.resolve()))[:_MARK]}.jsonl"


def uses(store: Store) -> list[Use]:
    """Every experiment's use of the store, by name.

    Raises `StoreError` at a ledger that cannot be read: nobody may be taken to need nothing because of a fault.
    """
    return [_read(path) for path in sorted((store.root / EXPERIMENTS).glob("*.jsonl"))]


def forget(use: Use) -> None:
    """The experiment needs nothing any more."""
    use.ledger.unlink(missing_ok=True)


def _read(path: Path) -> Use:
    try:
        first, *lines = path.read_text(encoding="utf-8").split("\n")
        header = json.loads(first)
        outputs = [line.partition("/")[::2] for line in lines if "/" in line]
        return Use(header["name"], Path(header["folder"]), header["configuration"], tuple(outputs), path)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StoreError(
            f"{path} does not say what its experiment needs ({type(error).__name__}); remove it if the experiment is "
            "gone, or run the experiment again after removing it"
        ) from None

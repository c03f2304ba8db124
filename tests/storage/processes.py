"""What the tests of the store run in processes of their own; without Prefect, which takes seconds to import."""

import os
import signal
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from multiprocessing.synchronize import Barrier
from pathlib import Path

from pydantic import JsonValue

from storage.record.keys import key_parts
from storage.record.manifest import Manifest, content_digest
from storage.store import publish, store
from storage.store.store import Store, describe_files
from storage.store.workspace import Runtime, Workspace

KEY = "0" * 32


def publish_text(target: Store, content: str) -> Manifest:
    """One file `value.txt` under a fixed key."""
    output = target.begin(KEY)
    (output / "value.txt").write_text(content)
    files = describe_files(output)
    digest = content_digest("write", files)
    manifest = Manifest(stage="write", key=KEY, digest=digest, files=files, code="", created=datetime.now(UTC))
    target.publish(output, manifest)
    return manifest


def publish_together(barrier: Barrier, root: Path, content: str) -> None:
    """Publish when the other process is ready too."""
    barrier.wait()
    publish_text(Store(root), content)


def compute_together(barrier: Barrier, root: Path, log: Path) -> None:
    """Compute when the other process is ready too."""
    barrier.wait()
    compute(root, log, seconds=0.3)


def compute(root: Path, log: Path, seconds: float = 0.0) -> Manifest:
    """A run that leaves a checkpoint, a file, and a line in a log."""

    def function(rows: int, *, work: Workspace) -> Mapping[str, JsonValue]:
        with open(log, "ab", buffering=0) as file:
            file.write(b"ran\n")
        (work.scratch / "checkpoint").write_text("half way")
        (work.output / "rows.txt").write_text(str(rows))
        time.sleep(seconds)
        return {"rows": rows}

    return publish.compute(function, key_parts("rows", 1, "code", {"rows": 9}), {"rows": 9}, Runtime(store=root))


def _die(*_: object, **__: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    place, root, log = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    match place:
        case "written":
            publish.describe_files = _die  # type: ignore[assignment]
        case "synced":
            store._sync = _die
        case "published":
            store.shutil.rmtree = _die  # type: ignore[assignment]
    compute(root, log)

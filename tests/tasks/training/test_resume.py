"""A training killed by the operating system at three points ends, resumed, with the digest of one left alone."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.paths import ROOT
from tests.tasks.training.conftest import pairs_table, publish

PROGRAM = """
import sys
from pathlib import Path
from storage.store.store import Store
from storage.store.workspace import Runtime
from tasks.training.config import TrainingConfig
from tasks.training.task import train
runtime = Runtime(store=Path(sys.argv[1]))
pairs = next(Store(runtime.store).manifests("ingest"))
manifest = train.run(TrainingConfig(steps=60, batch=16, checkpoint_every=5), 0, [pairs], None, runtime=runtime)
print("DIGEST", manifest.digest, manifest.stats["resumed_at"])
"""


def start(store: Path) -> subprocess.Popen:
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(store)], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
    )


def finish(process: subprocess.Popen) -> tuple[str, int]:
    output, _ = process.communicate(timeout=300)
    assert process.returncode == 0
    _, digest, resumed = next(line for line in output.splitlines() if line.startswith("DIGEST")).split()
    return digest, int(resumed)


def kill_once_there_are_checkpoints(process: subprocess.Popen, store: Path, count: int) -> None:
    """Kill -9 after `count` checkpoints were written, at whatever instant of the steps that follow."""
    seen: set[int] = set()
    deadline = time.monotonic() + 240
    while time.monotonic() < deadline and process.poll() is None:
        for path in store.glob(".scratch/*/checkpoint.safetensors"):
            seen.add(path.stat().st_mtime_ns)
        if len(seen) >= count:
            process.send_signal(signal.SIGKILL)
            process.wait()
            return
        time.sleep(0.005)
    raise AssertionError("the training ended before it could be killed")


@pytest.mark.slow
def test_killed_at_three_points(runtime, tmp_path):
    publish(runtime, "ingest", "squares", {"pairs-00000.parquet": pairs_table(48)})
    whole, _ = finish(start(runtime.store))
    other = runtime.model_copy(update={"store": tmp_path / "killed"})
    publish(other, "ingest", "squares", {"pairs-00000.parquet": pairs_table(48)})
    for checkpoints in (1, 3, 4):
        kill_once_there_are_checkpoints(start(other.store), other.store, checkpoints)
        assert not list(other.store.glob("train/*"))
    digest, resumed = finish(start(other.store))
    assert resumed >= 15
    assert digest == whole

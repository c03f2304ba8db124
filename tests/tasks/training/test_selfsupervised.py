"""The stage: what it writes, and that interrupted or killed it ends with the digest of one left alone."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from storage.store.workspace import Runtime
from storage.tables.shards import read_table
from tasks.training.data.images import DecodedPictures
from tasks.training.selfsupervised.config import ClusteringConfig
from tasks.training.task import selfsupervise
from tests.paths import ROOT
from tests.tasks.training.conftest import pairs_table, publish
from tests.tasks.training.selfsupervised.examples import SMALL

CONFIG = SMALL.model_copy(update={"steps": 9, "batch": 16, "checkpoint_every": 2})


def squares(runtime: Runtime):
    return publish(runtime, "ingest", "squares", {"pairs-00000.parquet": pairs_table(48)})


def test_it_writes_a_model_and_its_measures(runtime):
    manifest = selfsupervise.run(CONFIG, 0, [squares(runtime)], runtime=runtime)
    assert {file.path for file in manifest.files} == {"metrics.parquet", "model.json", "model.safetensors"}
    metrics = read_table(runtime.store / manifest.name / "metrics.parquet")
    assert metrics.num_rows == 9 and metrics["first_tree"].null_count == 0
    assert manifest.stats["examples_seen"] == 144 and manifest.stats["distinct_examples"] == 48
    assert 0 < manifest.stats["spread"] <= 1 and 1 <= manifest.stats["rank"] <= 15


MOCO = CONFIG.model_copy(update={"method": "moco", "queue": 64})
CENTRED = CONFIG.model_copy(update={"method": "clustering", "clustering": ClusteringConfig(assignment="centred")})


@pytest.mark.parametrize(("at", "config"), ((3, CONFIG), (8, CONFIG), (5, MOCO), (5, CENTRED)))
def test_interrupted_and_resumed_it_ends_with_the_same_digest(runtime, tmp_path, monkeypatch, at, config):
    whole = selfsupervise.run(config, 0, [squares(runtime)], runtime=runtime)
    other = runtime.model_copy(update={"store": tmp_path / "other", "workers": 2})
    take, calls = DecodedPictures.take, []

    def failing(self, rows):
        calls.append(0)
        if len(calls) > at:
            raise KeyboardInterrupt
        return take(self, rows)

    pairs = squares(other)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(DecodedPictures, "take", failing)
        selfsupervise.run(config, 0, [pairs], runtime=other)
    resumed = selfsupervise.run(config, 0, [pairs], runtime=other)
    assert resumed.stats["resumed_at"] == at // 2 * 2
    assert resumed.digest == whole.digest


PROGRAM = """
import sys
from pathlib import Path
from storage.store.store import Store
from storage.store.workspace import Runtime
from tasks.training.task import selfsupervise
from tests.tasks.training.selfsupervised.examples import SMALL
runtime = Runtime(store=Path(sys.argv[1]))
config = SMALL.model_copy(update={"steps": 60, "batch": 16, "checkpoint_every": 5})
manifest = selfsupervise.run(config, 0, [next(Store(runtime.store).manifests("ingest"))], runtime=runtime)
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


def kill_after_a_checkpoint(store: Path, beyond: int) -> None:
    """Start, and kill -9 at whatever instant follows the first checkpoint that is written beyond a time."""
    process = start(store)
    deadline = time.monotonic() + 240
    seen: set[int] = set()
    while time.monotonic() < deadline and process.poll() is None:
        seen |= {path.stat().st_mtime_ns for path in store.glob(".scratch/*/checkpoint.safetensors")}
        if len(seen) > beyond:
            process.send_signal(signal.SIGKILL)
            process.wait()
            return
        time.sleep(0.002)
    raise AssertionError("the training ended before it could be killed")


@pytest.mark.slow
def test_killed_at_three_points_it_ends_with_the_same_digest(runtime, tmp_path):
    squares(runtime)
    whole, _ = finish(start(runtime.store))
    other = runtime.model_copy(update={"store": tmp_path / "killed"})
    squares(other)
    for beyond in (0, 2, 3):
        kill_after_a_checkpoint(other.store, beyond)
        assert not list(other.store.glob("selfsupervise/*"))
    digest, resumed = finish(start(other.store))
    assert resumed >= 10
    assert digest == whole

"""A run that is killed and started again selects the same rows, bit for bit."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from storage.store.workspace import Runtime
from tasks.balancing.config import CappedTarget, RakeConfig
from tasks.balancing.task import balance
from tasks.resampling.config import CurateConfig, ResamplingConfig
from tasks.resampling.task import curate, select
from tests.paths import ROOT
from tests.tasks.resampling.builders import World, build

WORLD = World(rows=3000, shards=4)
SCRIPT = """
import sys
from pathlib import Path
from tests.tasks.resampling.test_resume import chain
chain(Path(sys.argv[1]))
"""


def chain(store: Path) -> tuple[str, ...]:
    """Pairs to curated shards; the digests of what was made."""
    pairs, matches, entries = build(WORLD, store)
    runtime = Runtime(store=store)
    balanced = balance.run(RakeConfig(target=CappedTarget(t=40), steps=20), entries, [matches], runtime=runtime)
    selected = select.run(ResamplingConfig(size=2500, seed=5), balanced, [matches], runtime=runtime)
    curated = curate.run(CurateConfig(rows_per_shard=100), selected, [pairs], [matches], runtime=runtime)
    return tuple(manifest.digest for manifest in (balanced, selected, curated))


@pytest.mark.slow
@pytest.mark.parametrize("stage", ["balance", "select", "curate"])
def test_killed_in_a_stage_and_resumed(tmp_path: Path, stage: str) -> None:

    store = tmp_path / "killed"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen([sys.executable, "-c", SCRIPT, str(store)], cwd=ROOT, env=environment)
    deadline = time.monotonic() + 120
    while process.poll() is None and time.monotonic() < deadline:
        if (store / stage).is_dir():  # the stage has begun to write, or has just finished
            os.kill(process.pid, signal.SIGKILL)
            break
        time.sleep(0.002)
    process.wait(timeout=120)
    assert chain(store) == chain(tmp_path / "whole")

"""Actors that hold a GPU: a cluster that says that it has one, which nothing here computes on."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from storage.children import child_environment
from tests.paths import ROOT

WALK = """
import json, os, sys, time
from pathlib import Path
os.chdir(sys.argv[1])
from flows.engine.here import LocalEngine
from flows.workers import holders
from flows.workers.cluster import Cluster
from flows.workers.workers import Elsewhere
from storage.store.workspace import Runtime
from tests.flows.workers.stages import loaded, other
cluster = Cluster(processors=4)
runtime = Runtime(store=Path("store"), device="cuda", workers=1)
engine = LocalEngine(runtime, parallel=4, elsewhere=Elsewhere(cluster))
for group in range(6):
    engine.submit(loaded, group=group, label=f"loaded {group}")
for group in range(2):
    engine.submit(other, group=group, label=f"other {group}")
nodes = engine.finish()
import ray
while ray.available_resources().get("GPU") != 1:  # given back after a few seconds
    time.sleep(0.1)
left = len(cluster._holders._actors)
cluster.close()
print(json.dumps({"left": left, "told": [[node.state, node.label, dict(node.manifest.stats)] for node in nodes]}))
"""


@pytest.mark.slow
def test_groups_share_what_was_loaded_and_other_stages_get_the_gpu(tmp_path: Path) -> None:
    pytest.importorskip("ray")
    settings = child_environment(RAY_ADDRESS="", RAY_OVERRIDE_RESOURCES='{"GPU": 1}')
    command = [sys.executable, "-c", WALK, str(tmp_path)]
    done = subprocess.run(command, env=settings, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["left"] == 0
    assert all(state == "ran" for state, *_ in found["told"])
    loaded = [stats for _, label, stats in found["told"] if label.startswith("loaded")]
    assert len(loaded) == 6
    holders = {stats["process"] for stats in loaded}
    assert len(holders) <= 3  # not one a group: the other stage may have come in between
    assert all(stats["loads"] == 1 for stats in loaded)
    assert not holders & {stats["process"] for _, label, stats in found["told"] if label.startswith("other")}

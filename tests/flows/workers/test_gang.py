"""A stage run by two nodes of a cluster at once, which answer, refuse, or are lost together."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from storage.children import child_environment
from tests.faults.test_ray import two_nodes
from tests.paths import ROOT

WALK = """
import json, sys
from pathlib import Path
from flows.engine.here import LocalEngine
from flows.workers.cluster import Cluster
from flows.workers.workers import Elsewhere
from storage.store.workspace import Runtime
from tests.flows.workers.stages import shares
folder = Path(sys.argv[1])
cluster = Cluster(processors=1)
runtime = Runtime(store=folder / "store", workers=1, ranks=2, machines=int(sys.argv[2]))
engine = LocalEngine(runtime, parallel=1, elsewhere=Elsewhere(cluster))
for what in ("well", "refused", "killed"):
    engine.submit(shares, what=what, mark=str(folder / "died"), label=what)
told = {node.label: dict(node.manifest.stats) if node.manifest else str(node.error) for node in engine.finish()}
cluster.close()
print(json.dumps(told))
"""


@pytest.mark.slow
def test_two_nodes_share_a_run(tmp_path: Path) -> None:
    pytest.importorskip("ray")
    with two_nodes() as (settings, _):
        told = [
            subprocess.run([sys.executable, "-c", WALK, str(tmp_path / machines), machines], cwd=ROOT, timeout=300,
                           env=child_environment(**settings), capture_output=True, text=True)
            for machines in ("2", "3")
        ]  # fmt: skip
    assert [each.returncode for each in told] == [0, 0], told
    two, three = (json.loads(each.stdout.splitlines()[-1]) for each in told)
    assert two["well"]["machine"] == two["killed"]["machine"] == 0
    assert (tmp_path / "2" / "died").exists()  # it was begun again
    assert two["refused"] == "row 7 of shard 3 is empty: fill it"  # by the other machine, and not why the first ended
    assert "`machines` is 3, but 2 of the Ray cluster's 2 nodes have the 1 processors" in three["well"]

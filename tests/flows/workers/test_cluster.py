"""Tasks of a Ray cluster: what each is given, what is refused, and a whole walk on a cluster of this machine."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

from flows.workers.address import ADDRESS, refused_address
from flows.workers.cluster import asked_for, gpus_of
from flows.workers.nodes import look
from storage.children import child_environment
from storage.store.lock import locked
from storage.store.workspace import Runtime
from tasks.embedding.task import embed
from tasks.matching.task import match
from tasks.training.task import train
from tests.flows.workers.test_workers import told, walked
from tests.paths import ROOT

WALK = """
import json
import sys
from pathlib import Path
from flows.workers.cluster import Cluster
from flows.workers.workers import Elsewhere
from tests.flows.workers.test_workers import reports, told, walked
cluster = Cluster(processors=2)
there = told(walked(Path(sys.argv[1]), Elsewhere(cluster)))
heard = reports(Path(sys.argv[1]), Elsewhere(cluster))
cluster.close()
print(json.dumps({"told": there, "heard": heard}))
"""


def test_a_client_address_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ADDRESS, "ray://head:10001")
    assert "start it on a node of the cluster with RAY_ADDRESS=auto" in (refused_address() or "")
    for address in ("auto", "10.0.0.1:6379"):
        monkeypatch.setenv(ADDRESS, address)
        assert refused_address() is None


def test_each_rank_is_given_a_gpu() -> None:
    cuda = Runtime(store=Path("store"), device="cuda", ranks=2)
    assert (gpus_of(cuda), gpus_of(Runtime(store=Path("store")))) == (2, 0)
    everyone = {"num_cpus": 2, "max_retries": 0}
    assert asked_for(train, cuda) == {**everyone, "num_gpus": 2}
    assert asked_for(match, cuda) == asked_for(train, Runtime(store=Path("store"))) == everyone
    assert asked_for(embed, cuda) == {**everyone, "num_gpus": 1}  # it computes on one, however many ranks train
    machines = cuda.model_copy(update={"ranks": 8, "machines": 2})
    assert asked_for(train, machines) == {**everyone, "num_gpus": 4}  # of each of the two


def test_the_stages_declared_on_a_device_are_those_that_ask_for_it() -> None:
    """A stage's function, or one of its file that it calls, reads `work.device`."""
    asks, declared = set(), set()
    for file in sorted((ROOT / "tasks").rglob("task.py")):
        functions = {node.name: node for node in ast.parse(file.read_text()).body if isinstance(node, ast.FunctionDef)}
        calls = {
            name: {ast.unparse(each.func) for each in ast.walk(node) if isinstance(each, ast.Call)}
            for name, node in functions.items()
        }
        asking = {name for name, node in functions.items() if "work.device" in ast.unparse(node)}
        while more := {name for name in functions if name not in asking and calls[name] & asking}:
            asking |= more
        for name, function in functions.items():
            for decorator in function.decorator_list:
                if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "stage":
                    stage = ast.literal_eval(decorator.args[0])
                    asks |= {stage} if name in asking else set()
                    declared |= {stage} if "on_device=True" in map(ast.unparse, decorator.keywords) else set()
    assert declared == asks
    assert {"train", "embed"} <= declared


def test_what_a_node_sees_of_the_store(tmp_path: Path) -> None:
    here = tmp_path / "seen-1"
    assert "cannot use it (No such file" in look(str(here))[0]
    here.write_text("another")
    assert look(str(here)) == ("reads something else there", False)
    here.write_text("seen-1")
    assert look(str(here)) == ("", False)
    with locked(here.with_suffix(".lock")):
        assert look(str(here)) == ("", True)
    assert [path.name for path in tmp_path.iterdir()] == ["seen-1"]


@pytest.mark.slow
def test_ray_does_what_threads_do(tmp_path: Path) -> None:
    pytest.importorskip("ray")
    command = [sys.executable, "-c", WALK, str(tmp_path / "there")]
    done = subprocess.run(command, env=child_environment(RAY_ADDRESS=""), cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["told"] == told(walked(tmp_path / "here", None))
    assert found["heard"] == [["spoken here", 1, 3, "begun"], ["spoken here", 3, 3, "over"]]
    for store in (tmp_path / "there", tmp_path / "there" / "store"):
        assert not list((store / ".tmp").iterdir())

"""A cluster of two nodes on this machine loses one of them while a stage is at work on it."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from storage.children import child_environment
from tests.faults.engines import WIDE
from tests.faults.place import Ended, Place
from tests.paths import ROOT

SCRIPT = ROOT / "docs" / "scripts" / "two_ray_nodes.py"


@contextmanager
def two_nodes() -> Iterator[tuple[dict[str, str], int]]:
    """What finds the cluster, and the process group of its second node."""
    pytest.importorskip("ray")
    with subprocess.Popen([sys.executable, str(SCRIPT)], stdout=subprocess.PIPE, text=True) as nodes:
        try:
            assert nodes.stdout is not None
            lines = []
            while not lines or "is lost by" not in lines[-1]:
                lines.append(nodes.stdout.readline())
                assert lines[-1], lines
            settings = dict(re.findall(r"^export (\w+)=(.*)$", "".join(lines), re.MULTILINE))
            yield settings, int(lines[-1].rpartition("-")[2])
        finally:
            nodes.send_signal(signal.SIGTERM)


@pytest.mark.slow
@pytest.mark.parametrize("stage", WIDE)
def test_a_node_is_lost(stage: str, undisturbed: tuple[Place, Ended], tmp_path: Path) -> None:
    whole, ended = undisturbed
    place = whole.copy(tmp_path / "place")
    place.forget(stage)
    place.config.write_text(place.config.read_text() + "\nrunner: ray\n")
    said = tmp_path / "said.json"
    with two_nodes() as (settings, group):
        command = [sys.executable, "-m", "tests.faults.ray_driver", str(place.config), stage, str(group), str(said)]
        subprocess.run(command, env=child_environment(**settings), cwd=ROOT, timeout=300, check=True)
    told = json.loads(said.read_text())
    assert told["digests"] == ended.digests
    assert len(list(said.with_suffix(".marks").iterdir())) > 1  # it had begun on the node that was lost
    assert {label for label, state in told["states"].items() if state == "ran"}
    assert not list((place.store.root / ".tmp").glob("seen-*"))


@pytest.mark.slow
def test_a_whole_run_ends_in_the_digests_of_threads(undisturbed: tuple[Place, Ended], tmp_path: Path) -> None:
    _, ended = undisturbed
    place = Place(tmp_path / "place", changes={"runner": "ray"})
    with two_nodes() as (settings, _):
        command = [sys.executable, "-m", "flows.command", "run", str(place.config), "--no-server"]
        subprocess.run(command, env=child_environment(**settings), cwd=ROOT, timeout=600, check=True)
    assert place.run().digests == ended.digests


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_cluster_that_is_ended_while_a_node_starts_leaves_none(number: signal.Signals) -> None:
    pytest.importorskip("ray")
    with subprocess.Popen([sys.executable, str(SCRIPT)], stdout=subprocess.PIPE, text=True) as nodes:
        children = Path(f"/proc/{nodes.pid}/task/{nodes.pid}/children")
        while not (begun := children.read_text().split()):
            assert nodes.poll() is None
            time.sleep(0.02)
        nodes.send_signal(number)
        said, _ = nodes.communicate(timeout=60)
    assert (nodes.returncode, said) == (0, "")
    with pytest.raises(ProcessLookupError):
        os.killpg(int(begun[0]), 0)

"""A training over two nodes of a cluster: the bytes of two ranks on one machine, also when one of the nodes is lost."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from storage.children import child_environment
from tests.faults.place import Ended, Place
from tests.faults.test_ray import two_nodes
from tests.paths import ROOT

TRAINING: dict[str, Any] = {
    **dict.fromkeys(("screening", "encoder", "geometry", "evaluation")),
    "ranks": 2,
    "workers": 1,
    "training": {"seeds": [0], "settings": {"steps": 60, "batch": 16, "checkpoint_every": 5}},
}
OVER_MACHINES = TRAINING | {"runner": "ray", "machines": 2}


@pytest.fixture(scope="module")
def on_one_machine(tmp_path_factory: pytest.TempPathFactory) -> Ended:
    """The experiment with both ranks on this machine, without Ray."""
    pytest.importorskip("ray")
    ended = Place(tmp_path_factory.mktemp("one"), changes=TRAINING).run()
    assert (ended.status, ended.error) == (0, "")
    return ended


def start(place: Place, settings: Mapping[str, str]) -> "subprocess.Popen[str]":
    """The experiment, run by the command line on the cluster that the settings find."""
    command = [sys.executable, "-m", "flows.command", "run", str(place.config), "--no-server"]
    return subprocess.Popen(command, env=child_environment(**settings), cwd=ROOT, text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)  # fmt: skip


def checkpoints(place: Place) -> list[Path]:
    """Checkpoints of trainings that are under way."""
    return list((place.store.root / ".scratch").glob("*/checkpoint*"))


def trained(place: Place) -> set[str]:
    """Digests of what was trained."""
    return {output.digest for output in place.outputs("train")}


@pytest.mark.slow
def test_two_nodes_train_to_the_bytes_of_one_machine(on_one_machine: Ended, tmp_path: Path) -> None:
    place = Place(tmp_path / "place", changes=OVER_MACHINES)
    with two_nodes() as (settings, _):
        run = start(place, settings)
        said, _ = run.communicate(timeout=600)
    assert run.returncode == 0, said
    assert trained(place) == {digest for label, digest in on_one_machine.digests.items() if label.startswith("train")}


@pytest.mark.slow
def test_a_node_is_lost_in_a_training_and_another_takes_its_place(on_one_machine: Ended, tmp_path: Path) -> None:
    place = Place(tmp_path / "place", changes=OVER_MACHINES)
    with two_nodes() as (settings, group):
        run = start(place, settings)
        while not checkpoints(place):
            assert run.poll() is None, run.communicate()[0]
            time.sleep(0.05)
        os.killpg(group, signal.SIGKILL)
        address = settings["RAY_ADDRESS"]
        command = [sys.executable, "-m", "ray.scripts.scripts", "start", "--block", f"--address={address}",
                   "--num-cpus=1", "--object-store-memory=100000000", "--disable-usage-stats"]  # fmt: skip
        with (tmp_path / "node.log").open("w") as log:
            node = subprocess.Popen(command, stdout=log, stderr=log, env={**os.environ, **settings},
                                    start_new_session=True)  # fmt: skip
        try:
            said, _ = run.communicate(timeout=600)
        finally:
            os.killpg(node.pid, signal.SIGTERM)
            node.wait(30)
    assert run.returncode == 0, said
    assert any(output.stats["resumed_at"] for output in place.outputs("train")), said
    assert trained(place) == {digest for label, digest in on_one_machine.digests.items() if label.startswith("train")}

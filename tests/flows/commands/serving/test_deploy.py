"""Deployments: which verbs, and that a worker's curation is followed by what was curated, once."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from flows.commands.serving.deploy import deploy_experiment, verbs_of
from flows.config.pipeline import load_experiment
from storage.children import child_environment
from storage.errors import InputError
from tests.flows.conftest import SMALL, edit
from tests.flows.forms import Form
from tests.paths import ROOT

LIMIT = 420.0  # seconds for a curation, a training and an evaluation on a busy machine


def test_verbs_follow_each_other_and_the_whole_comes_last(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert verbs_of(load_experiment(small)) == {
        "curate": None, "train": "curate", "evaluate": "train", "pipeline": None,
    }  # fmt: skip
    assert list(verbs_of(load_experiment(edit(small, evaluation=None)))) == ["curate", "train", "pipeline"]
    monkeypatch.chdir(ROOT)
    alone = load_experiment(Path("configs/cifar10_selfsupervised_short.yaml"))
    assert verbs_of(alone) == {"selfsupervise": None}


def test_a_zone_that_does_not_exist_is_one_sentence(small: Path) -> None:
    with pytest.raises(InputError, match="Mars"):
        deploy_experiment(load_experiment(small), str(small), pool="local", cron="0 3 * * *", timezone="Mars")


class Server:
    """A Prefect server and a worker of their own, in a folder of their own."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.folder, self.api = folder, f"http://127.0.0.1:{port}/api"
        self.environment = child_environment(
            PREFECT_HOME=str(folder / "prefect"), PREFECT_SERVER_API_PORT=str(port), PREFECT_API_URL=self.api,
            PREFECT_SERVER_ANALYTICS_ENABLED="false", DO_NOT_TRACK="1", OMP_NUM_THREADS="1",
        )  # fmt: skip
        self.processes: list[subprocess.Popen[bytes]] = []

    def start(self, *words: str) -> None:
        with (self.folder / f"{words[-1]}.log").open("wb") as log:
            self.processes.append(
                subprocess.Popen([sys.executable, "-m", *words], cwd=self.folder, env=self.environment, stdout=log,
                                 stderr=log, start_new_session=True)
            )  # fmt: skip

    def call(self, *words: str) -> str:
        done = subprocess.run([sys.executable, "-m", *words], cwd=self.folder, env=self.environment,
                              capture_output=True, text=True, check=False)  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def deployment(self, name: str) -> dict[str, Any]:
        """What the server has of a deployment, which its form is made of."""
        found: dict[str, Any] = httpx.get(f"{self.api}/deployments/name/{name}", timeout=60).raise_for_status().json()
        return found

    def submit(self, deployment: str, config: dict[str, Any]) -> None:
        """Start a run as a form does."""
        asked = {"parameters": {"config": config}, "enforce_parameter_schema": True}
        httpx.post(f"{self.api}/deployments/{deployment}/create_flow_run", json=asked, timeout=60).raise_for_status()

    def runs(self) -> dict[str, list[str]]:
        """States of the flow runs, by their names."""
        found: dict[str, list[str]] = {}
        for run in httpx.post(f"{self.api}/flow_runs/filter", json={"sort": "START_TIME_ASC"}, timeout=60).json():
            found.setdefault(run["name"], []).append(run["state_name"])
        return found

    def until(self, **states: int) -> dict[str, list[str]]:
        """Wait until every named verb of `other` completed so often."""
        end = time.monotonic() + LIMIT
        while time.monotonic() < end:
            runs = self.runs()
            assert not {"Failed", "Crashed"} & {state for several in runs.values() for state in several}, runs
            if all(runs.get(f"other {verb}", []).count("Completed") >= count for verb, count in states.items()):
                return runs
            time.sleep(2)
        raise AssertionError(f"after {LIMIT:.0f} s: {self.runs()}")

    def stop(self) -> None:
        for process in self.processes[::-1]:
            os.killpg(process.pid, signal.SIGTERM)
        for process in self.processes:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """Running, with a worker for the pool `local`."""
    made = Server(tmp_path)
    try:
        made.start("prefect", "server", "start")
        end = time.monotonic() + 120
        while time.monotonic() < end:
            try:
                if httpx.get(f"{made.api}/health", timeout=2).status_code == 200:
                    break
            except httpx.HTTPError:
                time.sleep(0.5)
        yield made
    finally:
        made.stop()
        shutil.rmtree(tmp_path / "prefect", ignore_errors=True)


@pytest.mark.slow
def test_training_and_evaluation_follow_with_what_was_curated_and_nothing_new_starts_nothing(server: Server) -> None:
    values = SMALL | {"encoder": None, "geometry": None,
                      "training": {"seeds": [0], "settings": {"steps": 2, "batch": 16}}}  # fmt: skip
    balancing = {"method": "rake", "target": {"kind": "capped", "t": 30}, "steps": ["y"]}
    for name, changed in (("small", {}), ("other", {"balancing": balancing})):
        (server.folder / f"{name}.yaml").write_text(yaml.safe_dump(values | changed | {"name": name}))
    assert "train/small" in server.call("flows.command", "deploy", "small.yaml", "--values")
    server.start("prefect", "worker", "start", "--pool", "local")
    shown = server.deployment("curate/small")  # as a form shows it, and sends it changed
    sent = Form(shown["parameter_openapi_schema"]).sent(
        shown["parameters"]["config"], name="other", balancing=balancing
    )
    server.submit(shown["id"], sent)
    runs = server.until(curate=1, train=1, evaluate=1)
    assert set(runs) == {"other curate", "other train", "other evaluate"}
    assert (server.folder / "runs" / "other" / "report.html").is_file()
    assert not (server.folder / "runs" / "small").exists()
    # The same from a file is nothing new: it was that configuration that ran.
    server.call("prefect", "deployment", "run", "curate/small", "--param", 'config="other.yaml"')
    server.until(curate=2)
    time.sleep(15)  # as long as a follower took to start above, several times
    assert {name: len(states) for name, states in server.runs().items()} == {
        "other curate": 2, "other train": 1, "other evaluate": 1,
    }  # fmt: skip

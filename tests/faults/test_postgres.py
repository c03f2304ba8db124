"""A team's Prefect server, with PostgreSQL behind it: runs on it, two at once, and a database that goes away."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from storage.children import child_environment
from tests.databases import Postgres, postgres
from tests.faults.place import Ended, Place
from tests.faults.servers import LIMIT, server
from tests.paths import ROOT


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Ended:
    """The experiment, run in threads without a server."""
    ended = Place(tmp_path_factory.mktemp("undisturbed")).run()
    assert (ended.status, ended.error) == (0, "")
    return ended


@pytest.fixture(scope="module")
def database() -> Iterator[Postgres]:
    with postgres() as found:
        yield found


def start(place: Place, settings: Mapping[str, str]) -> "subprocess.Popen[str]":
    """The command line, under the server."""
    command = [sys.executable, "-m", "flows.command", "run", str(place.config)]
    with open(place.folder / "told", "w") as told:
        return subprocess.Popen(
            command, env=child_environment(**settings), cwd=ROOT, stdout=told, stderr=told, text=True
        )


@pytest.mark.slow
def test_two_runs_at_once_end_in_the_digests_of_threads(database: Postgres, undisturbed: Ended, tmp_path: Path) -> None:
    place = Place(tmp_path / "place")
    other = Place(tmp_path / "other", store=place.store.root)
    with server(tmp_path / "prefect", database.url) as settings:
        runs = [start(each, settings) for each in (place, other)]
        assert [run.wait(2 * LIMIT) for run in runs] == [0, 0], (place.folder / "told").read_text()
    again = place.run()
    assert again.digests == undisturbed.digests and not again.ran


@pytest.mark.slow
def test_a_database_that_goes_away_loses_nothing(database: Postgres, undisturbed: Ended, tmp_path: Path) -> None:
    """Whether the run survives, or ends, is Prefect's; what was computed is kept, and the next run completes it."""
    place = Place(tmp_path / "place")
    with server(tmp_path / "prefect", database.url) as settings:
        run = start(place, settings)
        began = time.monotonic()
        while not list(place.store.root.glob("match/*/manifest.json")):
            assert run.poll() is None and time.monotonic() - began < LIMIT, (place.folder / "told").read_text()
            time.sleep(0.1)
        database.stop()
        time.sleep(10)
        database.start()
        status = run.wait(2 * LIMIT)
        said = (place.folder / "told").read_text()
        assert status == 0 or "Traceback" not in said, said
        after = start(place, settings)
        assert after.wait(2 * LIMIT) == 0, (place.folder / "told").read_text()
    again = place.run()
    assert again.digests == undisturbed.digests and not again.ran


@pytest.mark.slow
def test_a_deployment_and_its_worker_end_in_the_digests_of_threads(
    database: Postgres, undisturbed: Ended, tmp_path: Path
) -> None:
    """Deployed and carried out on the team's server: curation, then what follows it by its events."""
    place = Place(tmp_path / "place")
    with server(tmp_path / "prefect", database.url) as settings:
        environment = child_environment(**settings)

        def call(*command: str) -> str:
            done = subprocess.run(
                [sys.executable, "-m", *command], env=environment, cwd=ROOT, capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, done.stdout + done.stderr
            return done.stdout

        deployed = json.loads(call("flows.command", "deploy", str(place.config), "--json"))["deployments"]
        assert deployed[:3] == [f"{verb}/faults" for verb in ("curate", "train", "evaluate")]
        log = tmp_path / "worker"
        with open(log, "w") as told:
            worker = subprocess.Popen(
                [sys.executable, "-m", "prefect", "worker", "start", "--pool", "local"],
                env=environment, cwd=ROOT, stdout=told, stderr=told, start_new_session=True,
            )  # fmt: skip
        try:
            call("prefect", "deployment", "run", deployed[0])
            began = time.monotonic()
            while not (place.folder / "run" / "lineage.json").is_file():  # of the last verb, which does all
                assert worker.poll() is None and time.monotonic() - began < 3 * LIMIT, log.read_text()
                time.sleep(0.5)
        finally:
            os.killpg(worker.pid, signal.SIGKILL)  # asked to end, it would first see its last flow run end
            worker.wait(60)
    again = place.run()
    assert again.digests == undisturbed.digests and not again.ran

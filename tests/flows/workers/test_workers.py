"""One graph, worked on in threads, in processes and on Ray: the same outputs, errors that keep their sentence."""

import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from flows.command import REFUSED
from flows.config.pipeline import load_config
from flows.engine.engine import BlockedError, Follower, Node
from flows.engine.here import LocalEngine
from flows.workers import workers
from flows.workers.job import carry_out, job_of, packed, unpacked
from flows.workers.processes import Processes
from flows.workers.workers import Elsewhere, WorkerLostError, elsewhere
from storage.caching.stage import Stage
from storage.children import child_environment
from storage.errors import EquipoiseError, InputError
from storage.progress import Report
from storage.store.store import Store
from storage.store.workspace import Runtime
from tests.flows.conftest import edit
from tests.flows.workers.stages import count, mortal, spoken, together
from tests.paths import ROOT


@pytest.fixture(scope="module")
def processes() -> Iterator[Processes]:
    workers = Processes()
    yield workers
    workers.close()


def walked(store: Path, there: Elsewhere | None) -> list[Node]:
    engine = LocalEngine(Runtime(store=store), parallel=2, elsewhere=there)
    parts = [engine.submit(count, rows=rows, label=f"count {rows}") for rows in (1, 2, 3)]
    engine.submit(together, parts=parts, label="together")
    wrong = [engine.submit(count, rows=rows, label=f"count {rows}") for rows in (-1, 1000)]
    engine.submit(together, parts=wrong, label="blocked")
    return engine.finish()


def told(nodes: list[Node]) -> list[list[str]]:
    """Of every run its state, and its digest or its error."""
    return [
        [node.state, node.manifest.digest if node.manifest else f"{type(node.error).__name__}: {node.error}"]
        for node in nodes
    ]


def test_processes_do_what_threads_do(tmp_path: Path, processes: Processes) -> None:
    here, there = walked(tmp_path / "here", None), walked(tmp_path / "there", Elsewhere(processes))
    assert told(there) == told(here)
    assert [node.state for node in there] == ["ran"] * 4 + ["failed"] * 2 + ["blocked"]
    refused, fault, blocked = (node.error for node in there[4:])
    assert isinstance(refused, InputError) and "row 7 of shard 3" in str(refused)
    assert isinstance(fault, ZeroDivisionError) and "in count" in "".join(fault.__notes__)
    assert isinstance(blocked, BlockedError)
    assert all(node.manifest and node.manifest.stats["process"] != os.getpid() for node in there[:3])
    assert {node.state for node in walked(tmp_path / "there", None)[:4]} == {"cached"}


class Hearing(Follower):
    """Keeps what stage runs report, and lets those go on that wait to be heard."""

    def __init__(self, mark: Path) -> None:
        self.heard: list[tuple[str, int, int, str]] = []
        self._mark = mark

    def report(self, label: str) -> Report:
        def tell(done: int, total: int, line: str) -> None:
            self.heard.append((label, done, total, line))
            self._mark.touch()

        return tell


def reports(folder: Path, there: Elsewhere | None) -> list[tuple[str, int, int, str]]:
    """What is heard of a stage that waits until it is."""
    hearing = Hearing(folder / "mark")
    engine = LocalEngine(Runtime(store=folder / "store"), parallel=1, follower=hearing, elsewhere=there)
    engine.submit(spoken, mark=str(folder / "mark"), label="spoken here")
    (node,) = engine.finish()
    assert node.state == "ran", node.error
    return hearing.heard


def test_reports_and_log_of_a_worker_come_while_it_works(
    tmp_path: Path, processes: Processes, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "equipoise")
    found = []
    for name, there in (("here", None), ("there", Elsewhere(processes))):
        (tmp_path / name).mkdir()
        found.append((reports(tmp_path / name, there), [(each.name, each.getMessage()) for each in caplog.records]))
        caplog.clear()
    assert found[1] == found[0]
    assert found[0] == (
        [("spoken here", 1, 3, "begun"), ("spoken here", 3, 3, "over")],
        [("equipoise.spoken", "a line of the log")],
    )
    assert not list((tmp_path / "there" / "store" / ".tmp").iterdir())


def test_relative_stores_and_read_only_mappings_travel(
    tmp_path: Path, processes: Processes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    runtime = Runtime(store=Path("store"))
    made = count.run(rows=4, names=MappingProxyType({"a": 1}), runtime=runtime, elsewhere=Elsewhere(processes))
    assert Store(tmp_path / "store").find("count", made.key) == made


def test_a_killed_worker_is_replaced_but_not_for_ever(
    tmp_path: Path, processes: Processes, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    runtime, there = Runtime(store=tmp_path / "store"), Elsewhere(processes)
    made = mortal.run(mark=str(tmp_path / "mark"), deaths=1, runtime=runtime, elsewhere=there)
    assert made.stats == {"died": 1} and workers.TRIES > 2
    (told,) = [record.getMessage() for record in caplog.records if record.name == "equipoise.workers"]
    assert told.startswith("mortal: its worker was lost: it was ended by SIGKILL")
    monkeypatch.setattr(workers, "TRIES", 1)
    with pytest.raises(EquipoiseError, match="lost 1 times, the last time because it was ended by SIGKILL"):
        mortal.run(mark=str(tmp_path / "other"), deaths=1, runtime=runtime, elsewhere=there)
    assert not list((tmp_path / "store" / ".locks").glob("*"))


def test_what_was_published_before_a_worker_was_lost_is_taken(tmp_path: Path) -> None:
    class LostAfterwards:
        def carry_out(self, job: bytes, stage: Stage, runtime: Runtime, label: str) -> bytes:
            calls.append(unpacked(carry_out(job)))
            raise WorkerLostError("its node is gone")

        def close(self) -> None:
            """Nothing is held."""

    calls: list[Any] = []
    made = count.run(rows=2, runtime=Runtime(store=tmp_path), elsewhere=Elsewhere(LostAfterwards()))
    assert calls == [made]


@pytest.mark.parametrize(("label", "called"), [("count of 2, seed 0", "count of 2, seed 0"), ("", "count")])
def test_a_worker_is_told_what_people_call_the_run(tmp_path: Path, label: str, called: str) -> None:
    class Here:
        def carry_out(self, job: bytes, stage: Stage, runtime: Runtime, label: str) -> bytes:
            told.append((stage.name, label))
            return carry_out(job)

        def close(self) -> None:
            """Nothing is held."""

    told: list[tuple[str, str]] = []
    there = Elsewhere(Here()).called(label) if label else Elsewhere(Here())
    count.run(rows=2, runtime=Runtime(store=tmp_path), elsewhere=there)
    assert told == [("count", called)]


def test_other_code_is_refused(tmp_path: Path, processes: Processes) -> None:
    altered = replace(count.parts(rows=2, names={}), code="another")
    job = packed(job_of(count, altered, {"rows": 2, "names": {}}, Runtime(store=tmp_path)))
    with pytest.raises(EquipoiseError, match="has other code of the stage count"):
        unpacked(processes.carry_out(job, count, Runtime(store=tmp_path), "count"))


@pytest.mark.parametrize("runner", ["threads", "ray_task_runner"])
def test_threads_and_prefects_own_runner_need_no_workers(runner: str, small: Path) -> None:
    with elsewhere(load_config(edit(small, runner=runner))) as there:
        assert there is None


@pytest.mark.parametrize("runner", ["processes", pytest.param("ray", marks=pytest.mark.slow)])
def test_a_check_ends_a_run_with_its_own_status_wherever_the_work_is_done(runner: str, small: Path) -> None:
    if runner == "ray":
        pytest.importorskip("ray")
    checks = {"ingest": {"rows": {"least": 1000, "severity": "error"}}}
    edit(small, runner=runner, checks=checks)
    command = [sys.executable, "-m", "flows.command", "run", str(small), "--no-server"]
    done = subprocess.run(command, env=child_environment(RAY_ADDRESS=""), cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == REFUSED, done.stderr
    assert "by checks.ingest.rows" in done.stderr
    lineage = json.loads((small.parent / "run" / "lineage.json").read_text())
    ended = {node["label"]: node["state"] for node in lineage["nodes"]}
    assert ended["survey"] == "ran" and ended["balance"] == ended["report"] == "blocked", ended
    assert not (small.parent / "run" / "curated").exists()

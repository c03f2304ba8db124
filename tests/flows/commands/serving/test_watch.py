"""The watch over a server: a restart is waited for, an end is told and acted upon."""

import threading
import time
from pathlib import Path

import httpx
import pytest

from flows.commands.serving.server import Server, is_ready
from flows.commands.serving.watch import ServerWatch
from storage.errors import EquipoiseError
from tests.servers import serve


def watched(server: Server, lines: list[str], ends: list[int], patience: float, ended: threading.Event) -> ServerWatch:
    def end(status: int) -> None:
        ends.append(status)
        ended.set()

    return ServerWatch(server, lines.append, patience=patience, interval=0.01, end=end)


def healthy(folder: Path) -> Path:
    (folder / "api").mkdir()
    (folder / "api" / "health").write_text("true")
    return folder


def test_a_server_that_answers_is_not_spoken_of(tmp_path: Path) -> None:
    lines: list[str] = []
    ends: list[int] = []
    with serve(healthy(tmp_path)) as server, watched(Server(server.url), lines, ends, 0.0, threading.Event()):
        time.sleep(0.2)
    assert lines == [] and ends == []


def test_a_server_that_is_gone_ends_the_run_in_a_sentence() -> None:
    lines: list[str] = []
    ends: list[int] = []
    ended = threading.Event()
    with watched(Server("http://127.0.0.1:9"), lines, ends, 0.05, ended):
        assert ended.wait(20)
    assert ends == [1]
    assert "does not answer" in lines[0] and "run the same command again to go on, or with --no-server" in lines[-1]


def test_a_server_that_comes_back_is_waited_for(tmp_path: Path) -> None:
    lines: list[str] = []
    ends: list[int] = []
    with serve(tmp_path) as server, watched(Server(server.url), lines, ends, 600.0, threading.Event()):
        while not lines:  # nothing at /api/health yet: it answers 404, which is no health
            time.sleep(0.01)
        healthy(tmp_path)
        while len(lines) < 2:
            time.sleep(0.01)
    assert "answers again" in lines[1] and ends == []


@pytest.mark.parametrize("raised", [RuntimeError("Failed to reach API"), ConnectionRefusedError()])
def test_what_fails_for_want_of_a_server_says_so(raised: Exception) -> None:
    with (
        pytest.raises(EquipoiseError, match=r"the Prefect server at .*, or its database, went away"),
        ServerWatch(Server("http://127.0.0.1:9"), lambda line: None),
    ):
        raise raised


@pytest.mark.parametrize("status", [500, 503])
def test_a_server_that_failed_for_a_moment_says_so(tmp_path: Path, status: int) -> None:
    """Its database was away, and is back: the run ended in a traceback."""
    failed = httpx.HTTPStatusError("", request=httpx.Request("POST", "http://a"), response=httpx.Response(status))
    with (
        serve(healthy(tmp_path)) as server,
        pytest.raises(EquipoiseError, match="or its database, went away"),
        ServerWatch(Server(server.url), lambda line: None),
    ):
        raise RuntimeError("set_state") from failed


def test_a_server_without_its_database_is_not_ready(tmp_path: Path) -> None:
    (healthy(tmp_path) / "api" / "ready").write_text("ok")
    with serve(tmp_path) as files:
        server = Server(files.url)
        assert is_ready(server)
        files.refusals = 1
        assert not is_ready(server) and is_ready(server)


def test_other_faults_keep_their_own_words(tmp_path: Path) -> None:
    with (
        serve(healthy(tmp_path)) as server,
        pytest.raises(RuntimeError, match="ours"),
        ServerWatch(Server(server.url), lambda line: None),
    ):
        raise RuntimeError("ours")

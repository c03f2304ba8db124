"""The Prefect server: how it is started."""

from pathlib import Path

import pytest

from flows.commands.serving import server
from storage.errors import EquipoiseError
from tests.servers import serve


class StartedError(Exception):
    """Raised in place of starting anything."""


def test_the_server_is_not_misled_by_the_working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    caught: dict[str, str] = {}

    def popen(command: list[str], *, env: dict[str, str], **others: object) -> None:
        caught.update(env)
        raise StartedError

    monkeypatch.setenv("PREFECT_HOME", str(tmp_path))
    monkeypatch.setenv("PREFECT_API_URL", "http://elsewhere/api")
    monkeypatch.setattr(server.subprocess, "Popen", popen)
    with pytest.raises(StartedError):
        server._start(server.Server("http://127.0.0.1:4999"))
    assert caught["PYTHONSAFEPATH"] == "1" and caught["PREFECT_SERVER_API_PORT"] == "4999"
    assert "PREFECT_API_URL" not in caught


@pytest.mark.parametrize("address", ["http://127.0.0.1:9/api", "http://127.0.0.1:9/api/", "no address"])
def test_a_named_server_that_does_not_answer_is_one_sentence(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("PREFECT_API_URL", address)
    monkeypatch.setattr(server, "_ASKED", 1)
    with pytest.raises(EquipoiseError, match=rf"no Prefect server answers at {address}, which PREFECT_API_URL names"):
        server.ensure_server()


def test_a_named_server_that_refuses_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One behind a login answers 401 or 404: what is wrong then, Prefect itself says."""
    with serve(tmp_path) as named:
        monkeypatch.setenv("PREFECT_API_URL", f"{named.url}/api")
        assert server.ensure_server().url == named.url

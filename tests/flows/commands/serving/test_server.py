"""The Prefect server: how it is started."""

from pathlib import Path

import pytest

from flows.commands.serving import server


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

"""Prefect servers of one's own, and what one holds."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from storage.children import child_environment

LIMIT = 300.0


@contextmanager
def server(folder: Path, database: str = "") -> Iterator[Mapping[str, str]]:
    """A Prefect server on a database, or on SQLite in its folder; the variables that name it to a run."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    api = f"http://127.0.0.1:{port}/api"
    home = {"PREFECT_HOME": str(folder), "PREFECT_SERVER_ANALYTICS_ENABLED": "false", "DO_NOT_TRACK": "1"}
    settings = home | ({"PREFECT_API_DATABASE_CONNECTION_URL": database} if database else {})
    folder.mkdir()
    with open(folder / "log", "w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "prefect", "server", "start", "--port", port],
            env=child_environment(**settings), stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    try:
        _wait(process, f"{api}/health", folder / "log")
        yield home | {"PREFECT_API_URL": api}
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(60)


def _wait(process: "subprocess.Popen[bytes]", url: str, log: Path) -> None:
    began = time.monotonic()
    while True:
        assert process.poll() is None and time.monotonic() - began < LIMIT, log.read_text()
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except OSError:
            time.sleep(0.3)


def held(settings: Mapping[str, str], kind: str, **chosen: object) -> list[dict[str, Any]]:
    """What the server holds of a kind, as "flow_runs", chosen as its filters do; at most 200, the latest first."""
    asked = urllib.request.Request(
        f"{settings['PREFECT_API_URL']}/{kind}/filter",
        data=json.dumps({"sort": "EXPECTED_START_TIME_DESC", **chosen}).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(asked, timeout=60) as answer:
        found: list[dict[str, Any]] = json.load(answer)
    return found

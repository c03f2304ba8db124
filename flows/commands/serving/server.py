"""A local Prefect server on loopback: found if it runs, started if not, and left running for the UI."""

import os
import signal
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from urllib.error import HTTPError, URLError

from storage.children import child_environment
from storage.errors import EquipoiseError

HOME = Path(os.environ.get("PREFECT_HOME", "runs/.prefect"))
_ASKED = 3  # times, a second apart, that a named server is asked before it is taken for gone
START_LIMIT = 120.0  # seconds; 16 to 18 were measured on two cores


@dataclass(frozen=True)
class Server:
    """Where a server listens."""

    url: str

    @property
    def api(self) -> str:
        """The address that flows talk to."""
        return f"{self.url}/api"


def local_server() -> Server:
    """The address of this project's server; `PREFECT_SERVER_API_PORT` moves it."""
    return Server(f"http://127.0.0.1:{os.environ.get('PREFECT_SERVER_API_PORT', '4200')}")


def is_healthy(server: Server) -> bool:
    """Whether a Prefect server answers there."""
    try:
        with urllib.request.urlopen(f"{server.api}/health", timeout=2) as answer:
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False


def is_ready(server: Server) -> bool:
    """Whether a Prefect server answers there and reaches its database; one that cannot say so is asked for health."""
    try:
        with urllib.request.urlopen(f"{server.api}/ready", timeout=5) as answer:
            return bool(answer.status == 200)
    except HTTPError as error:
        return error.code < 500 and is_healthy(server)
    except (URLError, OSError):
        return False


def ensure_server() -> Server:
    """The server that `PREFECT_API_URL` names, or the local one, started if need be.

    Raises `EquipoiseError` when a named one does not answer, or the local one not within two minutes; its log lies in
    `runs/.prefect/server.log`.
    """
    configure()
    if named := os.environ.get("PREFECT_API_URL"):
        _require_answer(named)
        return Server(named.rstrip("/").removesuffix("/api"))
    server = local_server()
    if not is_healthy(server):
        _start(server)
    os.environ["PREFECT_API_URL"] = server.api
    if "prefect" in sys.modules:  # it read its settings when it was imported
        from prefect.context import refresh_global_settings_context

        refresh_global_settings_context()
    return server


def _require_answer(api: str) -> None:
    """Raise `EquipoiseError` where nothing answers at the address, after a few seconds; a refusal is an answer, too."""
    for attempt in range(_ASKED):
        try:
            with urllib.request.urlopen(f"{api.rstrip('/')}/health", timeout=5):
                return
        except HTTPError:
            return
        except (URLError, OSError, ValueError) as error:
            reason = getattr(error, "reason", error)
        if attempt + 1 < _ASKED:
            time.sleep(1)
    raise EquipoiseError(
        f"no Prefect server answers at {api}, which PREFECT_API_URL names ({reason}); start it, unset PREFECT_API_URL "
        "to use this machine's own, or run with --no-server"
    )


def configure() -> None:
    """Settings that keep Prefect local and quiet; they must be in place before Prefect is imported."""
    os.environ.setdefault("PREFECT_HOME", str(HOME.resolve()))
    os.environ.setdefault("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
    os.environ.setdefault("DO_NOT_TRACK", "1")
    os.environ.setdefault("PREFECT_LOGGING_EXTRA_LOGGERS", "equipoise")
    os.environ.setdefault("PREFECT_CLIENT_RETRY_EXTRA_CODES", "500")  # a server whose database is away for a moment


def _start(server: Server) -> None:
    home = Path(os.environ["PREFECT_HOME"])
    home.mkdir(parents=True, exist_ok=True)
    port = server.url.rpartition(":")[2]
    environment = child_environment(PREFECT_SERVER_API_PORT=port, PREFECT_SERVER_API_HOST="127.0.0.1")
    environment.pop("PREFECT_API_URL", None)
    with open(home / "server.log", "ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "prefect", "server", "start"],
            env=environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
    (home / "server.pid").write_text(str(process.pid))
    deadline = time.monotonic() + START_LIMIT
    while not is_healthy(server):
        if process.poll() is not None or time.monotonic() > deadline:
            raise EquipoiseError(
                f"the Prefect server did not start on {server.url} (is the port taken? set PREFECT_SERVER_API_PORT); "
                f"see {home / 'server.log'}, or run with --no-server"
            )
        time.sleep(0.3)


def stop_server() -> bool:
    """Stop the server that `ensure_server` started; False where there is none."""
    configure()
    mark = Path(os.environ["PREFECT_HOME"]) / "server.pid"
    try:
        pid = int(mark.read_text())
        if (
            "prefect"
            not in subprocess.run(["ps", "-o", "args=", "-p", str(pid)], capture_output=True, text=True).stdout
        ):
            return False  # the number now belongs to another program
        os.killpg(pid, signal.SIGTERM)
    except (FileNotFoundError, ProcessLookupError, ValueError):
        return False
    finally:
        mark.unlink(missing_ok=True)
    return True

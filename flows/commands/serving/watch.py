"""A server that goes away while a run works: said once, and the run ends in a sentence, not in minutes of errors."""

import logging
import os
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self

from flows.commands.serving.server import Server, is_ready
from storage.errors import EquipoiseError, with_causes

PATIENCE = 60.0  # seconds that a server may be away, for a restart
INTERVAL = 5.0


def end_process(status: int, said: str = "") -> None:
    """Leave at once: stage runs in other threads end with the process, and what they publish is whole or not there.

    said: last words on standard error, whose reader may be gone: Ctrl-C ends `| tee` as well.
    """
    for stream, words in ((sys.stdout, ""), (sys.stderr, said)):
        with suppress(OSError, ValueError):
            stream.write(words)
            stream.flush()
    os._exit(status)


def _silence_prefect(silent: bool) -> None:
    """Keep back, or let through, what Prefect says of every call that its server does not answer."""
    for name in list(logging.Logger.manager.loggerDict):
        if name.partition(".")[0] == "prefect":
            logging.getLogger(name).disabled = silent


def _is_the_servers(error: BaseException | None) -> bool:
    """Whether an error, or one that it comes of, is a server's answer that it could not do what it should."""
    return any(getattr(getattr(each, "response", None), "status_code", 0) >= 500 for each in with_causes(error))


class ServerWatch:
    """Asks every few seconds whether the server still answers, for as long as the context lasts.

    Prefect itself would try for minutes, call by call, before it gave up. What it raises then, while no server answers,
    becomes an `EquipoiseError`.
    """

    def __init__(
        self,
        server: Server,
        tell: Callable[[str], None],
        *,
        patience: float = PATIENCE,
        interval: float = INTERVAL,
        end: Callable[[int], None] = end_process,
    ) -> None:
        self._server, self._tell, self._patience, self._interval, self._end = server, tell, patience, interval, end
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="server watch", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()
        _silence_prefect(False)
        if not isinstance(error, Exception) or isinstance(error, EquipoiseError):
            return
        if _is_the_servers(error) or not is_ready(self._server):
            raise EquipoiseError(self._gone) from error

    @property
    def _gone(self) -> str:
        return (
            f"the Prefect server at {self._server.url}, or its database, went away, and the run with it; what had "
            "ended is in the store: run the same command again to go on, or with --no-server"
        )

    def _watch(self) -> None:
        away_since: float | None = None
        while not self._over.wait(self._interval):
            if is_ready(self._server):
                if away_since is not None:
                    _silence_prefect(False)
                    self._tell(f"the Prefect server at {self._server.url} answers again")
                away_since = None
            elif away_since is None:
                away_since = time.monotonic()
                _silence_prefect(True)
                self._tell(f"the Prefect server at {self._server.url} does not answer; waiting {self._patience:.0f} s")
            elif time.monotonic() - away_since >= self._patience:
                with suppress(OSError, ValueError):
                    self._tell(f"error: {self._gone}")
                self._end(1)  # as any error that can be mended
                return

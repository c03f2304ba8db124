"""What a stage run says while another process works on it: how far it is, and its log.

The worker adds lines to a file beside the output that it makes, and whoever waits for it reads what was added, once a
second. The store is the one place that both see, whatever kind of worker it is, so nothing here knows of pipes or of
Ray. The file is no part of an output: it lies in the store's folder of unfinished things, under the run's key, is
removed when the run is over, and what a kill leaves goes with the next run of that key, or by `gc`.
"""

import json
import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import copy_context
from pathlib import Path

from storage.progress import Report
from storage.store.store import TEMPORARY

LOOKS = 1.0
"""Seconds between two looks, and at least between two reports that are written down."""
_LOGGER = "equipoise"
_REPEATED = "repeated"  # marks a record of this process that another one made


def place(store: Path, key: str) -> Path:
    """Where the worker of a run writes."""
    return store / TEMPORARY / f"{key}-told"


@contextmanager
def telling(store: Path, key: str) -> Iterator[Report]:
    """In the worker: yields whom a stage reports to; what is logged meanwhile is told, too."""
    teller = _Teller(place(store, key))
    logger = logging.getLogger(_LOGGER)
    level = logger.level
    logger.addHandler(teller)
    logger.setLevel(logging.INFO)
    try:
        yield teller.report
    finally:
        logger.setLevel(level)
        logger.removeHandler(teller)


@contextmanager
def heard(store: Path, key: str, report: Report) -> Iterator[None]:
    """Where the run is waited for: what its worker tells goes to `report` and to this process's log."""
    path = place(store, key)
    _forget(path)
    over, listener = threading.Event(), _Listener(path, report)
    context = copy_context()  # says which task run a report or a line of the log belongs to
    thread = threading.Thread(target=context.run, args=(listener.listen, over), name="listener", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        _forget(path)


def _forget(path: Path) -> None:
    with suppress(OSError):  # what cannot be removed is no fault of the run's
        path.unlink()


class _Teller(logging.Handler):
    """Adds lines to a file; where it cannot, they are lost, and the work goes on."""

    def __init__(self, path: Path) -> None:
        super().__init__(logging.INFO)
        self._path = path
        self._last: tuple[int, int, str] | None = None
        self._when = float("-inf")

    def report(self, done: int, total: int, line: str) -> None:
        """A report: see `storage.progress.Report`."""
        now, told = time.monotonic(), (done, total, line)
        if told != self._last and (done >= total or now - self._when >= LOOKS):
            self._last, self._when = told, now
            self._write({"done": done, "total": total, "line": line})

    def emit(self, record: logging.LogRecord) -> None:
        """A line of the log."""
        if not hasattr(record, _REPEATED):
            self._write({"logger": record.name, "level": record.levelno, "line": self.format(record)})

    def _write(self, message: dict[str, int | str]) -> None:
        with suppress(OSError), self._path.open("ab") as file:
            file.write(json.dumps(message).encode() + b"\n")


class _Listener:
    """Reads what is added to a file."""

    def __init__(self, path: Path, report: Report) -> None:
        self._path, self._report, self._read = path, report, 0

    def listen(self, over: threading.Event) -> None:
        """Look once a second, and a last time when the run is over."""
        while not over.wait(LOOKS):
            self._look()
        self._look()

    def _look(self) -> None:
        try:
            with self._path.open("rb") as file:
                file.seek(self._read)
                added = file.read()
        except OSError:  # nothing is told yet, or its file system is away for a moment
            return
        whole = added[: added.rfind(b"\n") + 1]
        self._read += len(whole)
        for line in whole.splitlines():
            with suppress(ValueError):  # a line that a kill cut, to which the next worker's first was added
                self._hear(json.loads(line))

    def _hear(self, message: object) -> None:
        match message:
            case {"done": int(done), "total": int(total), "line": str(line)}:
                self._report(done, total, line)
            case {"logger": str(name), "level": int(level), "line": str(line)} if name.split(".")[0] == _LOGGER:
                logging.getLogger(name).log(level, "%s", line, extra={_REPEATED: True})

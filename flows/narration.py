"""What a run says while it goes: what starts, what has ended and how many are left, how far each training is."""

import logging
import threading
import time
from collections.abc import Callable
from contextvars import ContextVar

from storage.progress import Report

INTERVAL = 10.0  # seconds between two lines about one stage run


class Narration:
    """Lines about a run, told one at a time, from any thread.

    Stage runs that come from the cache are counted, and told together before the next line about another.
    """

    def __init__(self, tell: Callable[[str], None], total: int, *, interval: float = INTERVAL) -> None:
        self._tell, self._total, self._interval = tell, total, interval
        self._done = self._cached = self._blocked = 0
        self._began: dict[str, float] = {}
        self._lock = threading.Lock()

    def started(self, label: str) -> None:
        """The work of a stage run begins."""
        with self._lock:
            self._began[label] = time.monotonic()
            self._say_cached()
            self._tell(f"{self._blank} {label}: starts")

    def ended(self, label: str, state: str, error: BaseException | None = None) -> None:
        """A stage run is over: ran, cached, failed or blocked."""
        with self._lock:
            self._done += 1
            if state == "cached":
                self._cached += 1
            elif state == "blocked":
                self._blocked += 1
            else:
                began = self._began.pop(label, None)
                took = "" if began is None else f" in {duration(time.monotonic() - began)}"
                self._say_cached()
                why = f": {error}" if error is not None else ""
                self._tell(f"{self._count} {label}: {'done' if state == 'ran' else state}{took}{why}")
            if self._done >= self._total:
                self._say_rest()

    def refused(self, label: str, said: str) -> None:
        """A check refuses what a run made."""
        with self._lock:
            self._tell(f"{self._blank} {label}: refused by a check: {said}")

    def report(self, label: str) -> Report:
        """How far one stage run is: a line every ten seconds, with the time that is left at the speed so far.

        Where less is done than before, another part of the stage has begun, or another worker: the speed is its own.
        """
        first: tuple[int, float] | None = None
        before, last = 0, time.monotonic()

        def tell(done: int, total: int, line: str) -> None:
            nonlocal first, before, last
            now = time.monotonic()
            if first is None or done < before:
                first = (done, now)
            before = done
            if now - last < self._interval or done >= total:
                return
            last = now
            left = ""
            if done > first[0]:
                left = f", {duration((now - first[1]) / (done - first[0]) * (total - done))} left"
            with self._lock:
                self._tell(f"{self._blank} {label}: {done:,} of {total:,}, {line}{left}")

        return tell

    @property
    def _count(self) -> str:
        return f"[{self._done:>{len(str(self._total))}} of {self._total}]"

    @property
    def _blank(self) -> str:
        return " " * (2 * len(str(self._total)) + len("[ of ]"))

    def _say_cached(self) -> None:
        if self._cached:
            self._tell(f"{self._count} {_runs(self._cached)} from the cache")
            self._cached = 0

    def _say_rest(self) -> None:
        self._say_cached()
        if self._blocked:
            self._tell(f"{self._count} {_runs(self._blocked)} not started: they need what failed, or was refused")


TELL: ContextVar[Callable[[str], None]] = ContextVar("tell", default=logging.getLogger("equipoise.run").info)
"""Who is told of the flows in this context: the command line sets its own; a worker's flows write to their log."""


def duration(seconds: float) -> str:
    """Seconds as a person reads them."""
    if seconds < 100:
        return f"{seconds:.2g} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes = seconds / 60
    return f"{minutes:.0f} min" if minutes < 100 else f"{minutes / 60:,.1f} h"


def _runs(count: int) -> str:
    return "1 stage run" if count == 1 else f"{count} stage runs"

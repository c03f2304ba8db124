"""What there is to see while a training runs: a bar at a terminal; every two seconds a line, and a journal's entry."""

import time
from pathlib import Path

from storage.progress import Report, progress
from tasks.training.loop.journal import Journal
from tasks.training.loop.measurements import Watch

_SECONDS = 2.0


class Live:
    """Follows the steps of one training; `batch` examples each."""

    def __init__(self, steps: int, batch: int, description: str, report: Report, scratch: Path | None = None) -> None:
        self._steps, self._batch, self._description, self._report = steps, batch, description, report
        self._journal = Journal(scratch)

    def begin(self, step: int) -> None:
        """The training starts, or goes on, after `step` steps."""
        self._bar = progress(self._steps, self._description, unit="step", initial=step, told=False)
        self._first = self._last = (step, time.monotonic())
        self._journal.begin()

    def advance(self, step: int, watch: Watch) -> None:
        """`step` steps are done. Every two seconds the watch is read, which waits for an accelerator."""
        self._bar.update(1)
        if time.monotonic() - self._last[1] >= _SECONDS:
            watch.flush()
            self._tell(step, watch, since=self._last)

    def end(self, watch: Watch) -> None:
        """All steps are done, and read; the last line has the speed of the whole."""
        self._bar.close()
        self._tell(self._steps, watch, since=self._first)

    def _tell(self, step: int, watch: Watch, since: tuple[int, float]) -> None:
        now = time.monotonic()
        rate = (step - since[0]) * self._batch / max(now - since[1], 1e-9)
        self._report(step, self._steps, f"{watch.summary(step)}, {rate:,.0f} examples/s")
        self._journal.note(step, {"examples": step * self._batch} | watch.numbers(step))
        self._last = (step, now)

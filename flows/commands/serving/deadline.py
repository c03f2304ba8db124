"""A run that is told to end and does not: a signal may meet the main thread where it leaves a lock of Python's held."""

import os
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self

from flows.commands.serving.watch import end_process

PATIENCE = 20.0  # seconds in which a run ends that was told to
_SHELL = 128  # and the signal's number: the exit status of what a signal ended
_ENDINGS = (signal.SIGINT, signal.SIGTERM)


class Deadline:
    """For as long as the context lasts, Ctrl-C and SIGTERM end the process after some seconds, if nothing else does.

    An exception that a signal raises in the midst of an import can leave the lock of all imports held; whoever imports
    next waits for ever, Prefect among them. So a thread that needs no import hears of the signal by a pipe.
    """

    def __init__(self, *, patience: float = PATIENCE, end: Callable[[int], None] = end_process) -> None:
        self._patience, self._end = patience, end
        self._over = threading.Event()

    def __enter__(self) -> Self:
        self._hears = threading.current_thread() is threading.main_thread()  # no other may ask for signals
        if self._hears:
            self._pipe, self._told = os.pipe()
            os.set_blocking(self._told, False)
            self._before = signal.set_wakeup_fd(self._told, warn_on_full_buffer=False)
            threading.Thread(target=self._watch, name="deadline", daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        if self._hears:
            signal.set_wakeup_fd(self._before)
            os.close(self._told)

    def _watch(self) -> None:
        while told := os.read(self._pipe, 1):
            if told[0] in _ENDINGS and not self._over.wait(self._patience):
                with suppress(OSError, ValueError):  # whoever read it may have ended by the same Ctrl-C
                    sys.stderr.write("told to end; run the same command again to go on from what is in the store\n")
                self._end(_SHELL + told[0])
        os.close(self._pipe)

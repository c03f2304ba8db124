"""Work in a process of its own: what hangs is ended at its limit, and a device that is broken stays with it."""

import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import TypeVar

Item = TypeVar("Item")

_FORKED = multiprocessing.get_context("fork")  # nothing is imported again, which takes seconds


class LimitError(Exception):
    """The process was ended because its time was up."""


class EndedError(Exception):
    """The process ended before its work did: by a signal, or by memory that ran out."""


def apart(produce: Callable[[], Iterable[Item]], *, until: float) -> Iterator[Item]:
    """What `produce` yields in a fork of this process, item by item as it comes.

    The fork and all that it started are ended when it is done, when time is up, or when nobody asks for more. This
    process must not have touched CUDA: a fork could not use it then.

    Args:
        produce: its items must be picklable.
        until: by `time.monotonic`.

    Raises:
        LimitError: time was up first.
        EndedError: the process ended without having said that it was done.
    """
    reader, writer = _FORKED.Pipe(duplex=False)
    process = _FORKED.Process(target=_send, args=(produce, writer))
    process.start()
    writer.close()
    try:
        while True:
            if not reader.poll(max(0.0, until - time.monotonic())):
                raise LimitError
            try:
                item = reader.recv()
            except EOFError:
                process.join()
                raise EndedError(f"its process ended with {process.exitcode}") from None
            if item is None:
                return
            yield item[0]
    finally:
        _end(process)
        reader.close()


def _send(produce: Callable[[], Iterable[Item]], writer: Connection) -> None:
    os.setsid()  # a group of its own, so that whatever it starts can be ended with it
    for item in produce():
        writer.send((item,))
    writer.send(None)


def _end(process: BaseProcess) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid or 0, signal.SIGKILL)
    process.kill()  # where it had no time to make its group
    process.join()

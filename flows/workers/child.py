"""What a worker process of this machine runs: jobs from its input, answers to its output, until its engine is gone."""

import os
import queue
import signal
import sys
import threading
from typing import IO

from flows.workers.job import carry_out
from flows.workers.pipes import receive, send


def main() -> None:
    """Answer jobs in the main thread; another one waits for the end of the input, which may come in mid-work."""
    jobs: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what a library prints is no answer
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the engine is interrupted, and this process ends by that
    threading.Thread(target=_read, args=(sys.stdin.buffer, jobs), daemon=True).start()
    while True:
        send(answers, carry_out(jobs.get()))


def _read(pipe: IO[bytes], jobs: "queue.SimpleQueue[bytes]") -> None:
    while True:
        try:
            jobs.put(receive(pipe))
        except EOFError:
            os._exit(0)


if __name__ == "__main__":
    main()

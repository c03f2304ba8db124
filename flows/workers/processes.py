"""Workers that are processes of this machine: one a stage run at a time, each used again when it is free.

They speak through pipes. A worker that is killed loses its own stage run only, and one whose engine is gone ends.
"""

import signal
import subprocess
import sys
import threading

from flows.workers.pipes import receive, send
from flows.workers.workers import WorkerLostError
from storage.caching.stage import Stage
from storage.children import child_environment
from storage.store.workspace import Runtime


class Processes:
    """As many processes as stage runs are under way at a time."""

    def __init__(self) -> None:
        self._idle: list[subprocess.Popen[bytes]] = []
        self._changing = threading.Lock()

    def carry_out(self, job: bytes, stage: Stage, runtime: Runtime, label: str) -> bytes:
        """The answer of an idle process, or of a new one. Raises `WorkerLostError`."""
        with self._changing:
            process = self._idle.pop() if self._idle else None
        process = process or _start()
        assert process.stdin is not None and process.stdout is not None
        try:
            send(process.stdin, job)
            answer = receive(process.stdout)
        except (BrokenPipeError, EOFError):
            raise WorkerLostError(_end(process.wait())) from None
        with self._changing:
            self._idle.append(process)
        return answer

    def close(self) -> None:
        """End the idle ones; the others see that this process is gone."""
        with self._changing:
            for process in self._idle:
                assert process.stdin is not None and process.stdout is not None
                process.stdin.close()
                process.stdout.close()
                process.wait()
            self._idle.clear()


def _start() -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "flows.workers.child"]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=child_environment())


def _end(status: int) -> str:
    if status >= 0:
        return f"it ended with status {status}"
    killed = signal.Signals(-status).name
    return f"it was ended by {killed}{', as the system does when memory runs out' if killed == 'SIGKILL' else ''}"

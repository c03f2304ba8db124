"""Prefect's threads, of which a run that is told to end takes leave."""

from types import TracebackType
from typing import Any

from prefect.task_runners import ThreadPoolTaskRunner


class Threads(ThreadPoolTaskRunner[Any]):
    """Threads that are waited for when a flow ends well or fails, and not when it is told to end.

    Prefect's own are waited for in any case: after Ctrl-C or SIGTERM a training would go on for hours, to its end.
    """

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let the threads end, and wait for them, or else go on without them; what has not begun does not begin."""
        if error is not None and not isinstance(error, Exception) and self._executor is not None:
            self._executor.shutdown(wait=False, cancel_futures=True)
            self._executor = None
        super().__exit__(kind, error, trace)

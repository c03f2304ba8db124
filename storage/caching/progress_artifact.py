"""Progress in the Prefect UI: what a stage reports, as one artifact of its task run."""

import logging
import math
import re
import threading
import time
from contextvars import copy_context
from functools import partial
from typing import cast
from uuid import UUID

from prefect.artifacts import create_progress_artifact, update_progress_artifact


class ProgressArtifact:
    """A stage's reports as one progress artifact of its task run, updated at most every two seconds.

    The server is asked in a thread of its own, one request at a time: a slow or unreachable server loses updates and
    costs the run nothing. An artifact exists only for stages that report.
    """

    INTERVAL = 2.0
    PATIENCE = 10.0  # for the last update, which says that all is done

    def __init__(self, key: str, label: str) -> None:
        self._key, self._label = re.sub(r"[^a-z0-9]+", "-", key.lower()), label
        self._artifact: UUID | None = None
        self._sent = -math.inf
        self._request: threading.Thread | None = None

    def __call__(self, done: int, total: int, line: str) -> None:
        """A report: see `storage.progress.Report`."""
        last = done >= total
        if last and self._request is not None:
            self._request.join(self.PATIENCE)
        busy = self._request is not None and self._request.is_alive()
        if busy or not (last or time.monotonic() - self._sent >= self.INTERVAL):
            return
        self._sent = time.monotonic()
        context = copy_context()  # says which task run the artifact belongs to
        send = partial(
            context.run, self._send, 100 * done / max(total, 1), f"{self._label}: {done:,} of {total:,}, {line}"
        )
        self._request = threading.Thread(target=send, name="progress artifact", daemon=True)
        self._request.start()
        if last:
            self._request.join(self.PATIENCE)

    def _send(self, percent: float, description: str) -> None:
        try:
            if self._artifact is None:
                self._artifact = cast(UUID, create_progress_artifact(percent, self._key, description))
            else:
                update_progress_artifact(self._artifact, percent, description)
        except Exception as error:
            logging.getLogger("equipoise.progress").warning("the server took no progress report: %s", error)

"""Prefect's log, without tracebacks for errors that the user can mend."""

import logging
import os

from storage.errors import EquipoiseError


class OneSentence(logging.Filter):
    """Drops the traceback of a record whose exception is an `EquipoiseError`, and keeps its sentence."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Always True: the record stays."""
        error = record.exc_info[1] if isinstance(record.exc_info, tuple) else None
        if isinstance(error, EquipoiseError):
            record.exc_info = record.exc_text = None
            record.msg, record.args = "%s", (str(error),)
        return True


def quiet_user_errors() -> None:
    """Attach the filter to the loggers that Prefect's engines write to; in their run's log too."""
    for name in ("prefect.flow_runs", "prefect.task_runs"):
        logging.getLogger(name).addFilter(OneSentence())


def quiet_console() -> None:
    """Keep Prefect's own lines about states off the terminal, where the run is told already; its UI has them all.

    It reads its settings, and this one of its handler, whenever it sets up its loggers: before the flow begins.
    """
    os.environ.setdefault("PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL", "WARNING")

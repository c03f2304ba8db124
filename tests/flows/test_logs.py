"""Prefect's log: one sentence for what a user can mend, the traceback for what is ours."""

import logging
import subprocess
import sys

import pytest

from flows.logs import OneSentence, quiet_user_errors
from storage.errors import InputError
from tests.paths import ROOT


@pytest.mark.parametrize(("error", "kept"), [(InputError("no such file"), False), (ValueError("a bug"), True)])
def test_only_faults_of_ours_keep_their_traceback(error: Exception, kept: bool) -> None:
    record = logging.LogRecord("prefect.task_runs", logging.ERROR, "", 0, "Finished", (), (type(error), error, None))
    assert OneSentence().filter(record)
    assert (record.exc_info is not None) == kept
    assert (str(error) in record.getMessage()) != kept


def test_both_of_prefects_loggers_are_filtered() -> None:
    loggers = [logging.getLogger(name) for name in ("prefect.flow_runs", "prefect.task_runs")]
    before = [list(logger.filters) for logger in loggers]
    quiet_user_errors()
    try:
        assert all(any(isinstance(each, OneSentence) for each in logger.filters) for logger in loggers)
    finally:
        for logger, filters in zip(loggers, before, strict=True):
            logger.filters = filters


def test_prefects_own_lines_stay_off_the_terminal() -> None:
    """In a process of its own, as the command line does it: warnings are printed, states are not."""
    program = (
        "import logging\nfrom flows.logs import quiet_console\nquiet_console()\nimport prefect\n"
        "from prefect.logging.configuration import setup_logging\nsetup_logging()\n"
        "log = logging.getLogger('prefect.anything')\nlog.info('a state')\nlog.warning('a warning')"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, check=True)
    assert "a warning" in done.stderr + done.stdout and "a state" not in done.stderr + done.stdout

"""Prefect's log: one sentence for what a user can mend, the traceback for what is ours."""

import logging

import pytest

from flows.logs import OneSentence, quiet_user_errors
from storage.errors import InputError


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

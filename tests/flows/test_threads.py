"""Prefect's threads: waited for, unless the run is told to end."""

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from flows.threads import Threads


def at_work(runner: Threads, over: threading.Event) -> tuple["Future[Any]", "Future[Any]"]:
    """A work that lasts until `over`, at a runner of one thread, and one that waits for that thread."""
    assert isinstance(runner._executor, ThreadPoolExecutor)
    first = runner._executor.submit(over.wait, 60)
    return first, runner._executor.submit(over.wait, 60)


@pytest.mark.parametrize("told", [KeyboardInterrupt, SystemExit])
def test_a_run_that_is_told_to_end_waits_for_nothing(told: type[BaseException]) -> None:
    over = threading.Event()
    with pytest.raises(told), Threads(max_workers=1) as runner:
        first, second = at_work(runner, over)
        raise told
    assert not first.done() and second.cancelled()
    over.set()
    assert first.result(60)


@pytest.mark.parametrize("fails", [False, True])
def test_any_other_end_waits_for_what_has_begun(fails: bool) -> None:
    over = threading.Event()
    try:
        with Threads(max_workers=1) as runner:
            first, _ = at_work(runner, over)
            threading.Timer(0.05, over.set).start()
            if fails:
                raise ValueError
    except ValueError:
        assert fails
    assert first.done()

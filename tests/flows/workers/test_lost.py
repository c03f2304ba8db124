"""Tasks that Ray lost, in words."""

import pytest

from flows.workers.lost import told_of_loss
from flows.workers.workers import WorkerLostError


def test_what_ray_raises_of_a_lost_task_is_told_in_words() -> None:
    exceptions = pytest.importorskip("ray.exceptions")
    for error, said in (
        (exceptions.OutOfMemoryError("a page of advice"), "its node ran out of memory"),
        (exceptions.NodeDiedError("a page of advice"), "its node is gone"),
        (exceptions.TaskUnschedulableError("a page of advice"), "its node is gone"),
        (exceptions.ActorDiedError(), "its process was killed, or its node is gone"),
        (exceptions.WorkerCrashedError(), "its process was killed, or its node is gone"),
    ):
        with pytest.raises(WorkerLostError) as told, told_of_loss():
            raise error
        assert str(told.value) == said


def test_other_errors_pass() -> None:
    pytest.importorskip("ray.exceptions")
    with pytest.raises(ZeroDivisionError), told_of_loss():
        raise ZeroDivisionError
    with told_of_loss():
        pass

"""What Ray says of a worker that went away, as the one error that this project knows for it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from flows.workers.workers import WorkerLostError

LOOKS = 10.0
"""Seconds between two looks at whether the cluster is there, and has room for a task that has not answered."""


@contextmanager
def told_of_loss() -> Iterator[None]:
    """Raises `WorkerLostError` where Ray says that a worker or its node went away."""
    from ray import exceptions as lost

    try:
        yield
    except lost.OutOfMemoryError:
        raise WorkerLostError("its node ran out of memory") from None
    except (lost.NodeDiedError, lost.LocalRayletDiedError, lost.ObjectLostError, lost.TaskUnschedulableError):
        raise WorkerLostError("its node is gone") from None
    except (lost.WorkerCrashedError, lost.RayActorError):
        raise WorkerLostError("its process was killed, or its node is gone") from None


def answered(answer: Any, look: Callable[[], None]) -> bytes:  # noqa: ANN401 - a reference of Ray's
    """A task's answer; while there is none, `look` raises where there can be none any more.

    Raises:
        WorkerLostError: its worker or its node went away.
    """
    import ray

    with told_of_loss():
        while not ray.wait([answer], timeout=LOOKS)[0]:
            look()
        return bytes(ray.get(answer))

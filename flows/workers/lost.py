"""What Ray says of a worker that went away, as the one error that this project knows for it."""

from collections.abc import Iterator
from contextlib import contextmanager

from flows.workers.workers import WorkerLostError


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

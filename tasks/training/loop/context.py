"""Where a training runs, and who is told of it."""

from dataclasses import dataclass
from pathlib import Path

from storage.progress import Report, silent


@dataclass(frozen=True)
class Context:
    """What is around a training: none of it changes the result beyond rounding.

    Attributes:
        device: a torch device, such as `cpu` or `cuda:1`.
        scratch: where checkpoints go; one found there is gone on from, to the same bits as without the interruption
            (on a processor). None: no checkpoints.
        description: what the progress bar calls it.
        report: told every two seconds how far the training is, with its loss, logit scale and examples a second.
        workers: threads that make a batch of pictures.
    """

    device: str = "cpu"
    scratch: Path | None = None
    description: str = "training"
    report: Report = silent
    workers: int = 1


HERE = Context()
"""On this machine's processor, without checkpoints or listeners."""

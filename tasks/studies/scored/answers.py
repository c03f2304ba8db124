"""What `evaluate_along` wrote of one training: which images were answered right, step by step."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from storage.record.manifest import Manifest
from storage.store.workspace import Workspace
from storage.tables.shards import read_table
from tasks.arrays import Bools, Int64s


@dataclass(frozen=True)
class Answers:
    """One training's answers along its way.

    Attributes:
        steps: `[s]`, ascending.
        label: `[n]`, the class of every image; of retrieval, the image of every caption.
        correct: `[s, n]`.
    """

    steps: Int64s
    label: Int64s
    correct: Bools


def answers_of(along: Sequence[Manifest], work: Workspace) -> list[Answers]:
    """The answers of several trainings, in their order."""
    return [read_answers(work.path(run, "answers.parquet")) for run in along]


def read_answers(path: Path) -> Answers:
    """The answers of `answers.parquet`."""
    table = read_table([path], ["step", "label", "correct"])
    steps, first = np.unique(table["step"].to_numpy(), return_index=True)
    size = len(table) // len(steps)
    label = table["label"].to_numpy()[first[0] : first[0] + size].astype(np.int64)
    correct = table["correct"].to_numpy(zero_copy_only=False)
    return Answers(steps.astype(np.int64), label, np.stack([correct[start : start + size] for start in first]))

"""Scores of single models, as evaluation left them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from storage.record.manifest import Manifest
from storage.store.workspace import Workspace
from tasks.arrays import Bools, Int64s
from tasks.reporting.config import Cell
from tasks.reporting.inputs.tables import read_document, read_frame


@dataclass(frozen=True)
class Answers:
    """One model's answers on the images of a benchmark: `label` [n] and whether it was recognised, `correct` [n]."""

    label: Int64s
    correct: Bools


@dataclass(frozen=True)
class Measurement:
    """One model scored on one benchmark.

    Attributes:
        variant: the data that it was trained on.
        seed: of its training.
        benchmark: the benchmark's name.
        primary: the metric that counts.
        metrics: all of them, None where one is not defined.
        images: test images.
        choices: classes to choose from, those without images too; 0 where the task is not classification.
        classes: those with test images.
        recalls: the recall of each of `classes`.
        findings: what to know of the benchmark itself, in sentences.
        answers: None where the task is not classification.
    """

    variant: str
    seed: int
    benchmark: str
    primary: str
    metrics: Mapping[str, float | None]
    images: int
    choices: int = 0
    classes: tuple[str, ...] = ()
    recalls: tuple[float, ...] = ()
    findings: tuple[str, ...] = ()
    answers: Answers | None = field(default=None, compare=False)

    @property
    def value(self) -> float:
        """The primary metric."""
        value = self.metrics[self.primary]
        assert value is not None  # evaluation never chooses a missing metric as the primary one
        return value


def read_measurement(cell: Cell, scores: Manifest, work: Workspace) -> Measurement:
    """From the output of `evaluate`."""
    result: Mapping[str, Any] = read_document(work.path(scores, "scores.json"))
    table = read_frame([work.path(scores, "predictions.parquet")])
    answers = None
    if "prediction" in table.columns:
        label = table["label"].to_numpy().astype(np.int64)
        answers = Answers(label=label, correct=label == table["prediction"].to_numpy())
    return Measurement(
        variant=cell.variant,
        seed=cell.seed,
        benchmark=cell.benchmark,
        primary=result["primary"],
        metrics=result["metrics"],
        images=result["images"],
        choices=result["choices"],
        classes=tuple(each["name"] for each in result["classes"]),
        recalls=tuple(each["recall"] for each in result["classes"]),
        findings=tuple(result.get("findings", ())),  # a probe has none
        answers=answers,
    )

"""What an evaluation leaves: every answer as a table, the scores as JSON, and the figures of its manifest."""

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa

from storage.tables.shards import write_table
from tasks.evaluation.scoring.answers import Answers, Classification, Tagging
from tasks.evaluation.scoring.scores import Scores


def write_results(folder: Path, answers: pa.Table, scores: Mapping[str, object]) -> None:
    """Write `predictions.parquet` and `scores.json`; strict JSON, which refuses a number that is not finite."""
    write_table(folder / "predictions.parquet", answers)
    text = json.dumps(scores, indent=2, allow_nan=False, ensure_ascii=False)
    (folder / "scores.json").write_text(text + "\n", encoding="utf-8")


def answer_table(answers: Answers) -> pa.Table:
    """A row an image, with its class and the one that was answered; of retrieval a row a caption.

    Where images show several classes: those that it shows, and the score of every class.
    """
    if isinstance(answers, Classification):
        return pa.table(
            {
                "index": pa.array(range(len(answers.label)), pa.uint32()),
                "label": pa.array(answers.label, pa.int32()),
                "prediction": pa.array(answers.prediction, pa.int32()),
            }
        )
    if isinstance(answers, Tagging):
        images, classes = answers.scores.shape
        ends = np.concatenate([[0], np.cumsum(answers.truth.sum(axis=1))])
        shown = pa.array(np.nonzero(answers.truth)[1], pa.int32())
        return pa.table(
            {
                "index": pa.array(range(images), pa.uint32()),
                "labels": pa.ListArray.from_arrays(pa.array(ends, pa.int32()), shown),
                "scores": pa.FixedSizeListArray.from_arrays(pa.array(answers.scores.reshape(-1)), classes),
            }
        )
    return pa.table(
        {
            "index": pa.array(range(len(answers.image_of_text)), pa.uint32()),
            "image": pa.array(answers.image_of_text, pa.uint32()),
            **{f"found@{k}": pa.array(hits) for k, hits in answers.found_image.items()},
        }
    )


def figures(scores: Scores) -> dict[str, object]:
    """What a manifest keeps of scores: every metric by its name, with the primary one and its interval."""
    interval = scores.intervals[scores.primary]
    return {
        "task": scores.task,
        "primary": scores.primary,
        "value": scores.metrics[scores.primary],
        "interval": (interval.low, interval.high),
        **scores.metrics,
        "images": scores.images,
        "classes": scores.choices,
        "findings": scores.findings,
    }

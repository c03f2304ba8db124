"""Heads scored along their training, on a benchmark that was encoded once: seconds for any number of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import torch

from tasks.evaluation.config import EvaluationConfig
from tasks.evaluation.scoring.answers import Answers, Classification, Tagging
from tasks.evaluation.scoring.intervals import Bootstrap
from tasks.evaluation.scoring.scores import scores_of
from tasks.evaluation.zeroshot.clip_benchmark import zero_shot
from tasks.evaluation.zeroshot.encoded import EncodedBenchmark, HeadsOnFeatures
from tasks.training.models.saved import load_heads


@dataclass(frozen=True)
class Along:
    """Scores along a training.

    Attributes:
        scores: a row for each number of steps: `step`, and every metric under clip-benchmark's name.
        answers: a row for each step and image: `step`, `index`, `label` and whether the answer is `correct`; of
            retrieval a row for each step and caption, whose `label` is its image and which is `correct` at the
            smallest k; where images show several classes, `label` is the best answer.
    """

    scores: pa.Table
    answers: pa.Table


def score_along(
    encoded: EncodedBenchmark,
    kept: Mapping[int, Path],
    config: EvaluationConfig,
    *,
    where: str = "cpu",
    kind: str = "cpu",
) -> Along:
    """Zero-shot scores of heads by number of steps, in ascending order.

    Args:
        encoded: the benchmark.
        kept: folders of heads, by the steps that they had seen.
        config: k of recall@k, and the size of a batch.
        where: torch device.
        kind: its type, as clip-benchmark takes it.
    """
    rows, answered = [], []
    bootstrap = Bootstrap(resamples=config.resamples, confidence=config.confidence, seed=config.seed)
    for step in sorted(kept):
        heads = HeadsOnFeatures(load_heads(kept[step]), encoded).to(where).eval()
        with torch.inference_mode():
            answers = zero_shot(
                encoded.layout, heads, heads.tokenise, encoded.batches(config.batch_size), config, device=kind
            )
        rows.append({"step": step, **scores_of(answers, encoded.layout.classes, bootstrap).metrics})
        answered.append(_answer_table(step, answers))
    names = list(rows[0])
    columns = {name: pa.array([row[name] for row in rows], pa.float64()) for name in names[1:]}
    scores = pa.table({"step": pa.array([row["step"] for row in rows], pa.int32()), **columns})
    return Along(scores, pa.concat_tables(answered))


def _answer_table(step: int, answers: Answers) -> pa.Table:
    if isinstance(answers, Classification):
        label, correct = answers.label, answers.prediction == answers.label
    elif isinstance(answers, Tagging):
        label = answers.scores.argmax(axis=1).astype(np.int64)
        correct = answers.truth[np.arange(len(label)), label]
    else:
        label, correct = answers.image_of_text, answers.found_image[min(answers.found_image)]
    size = len(label)
    return pa.table(
        {
            "step": pa.array(np.full(size, step), pa.int32()),
            "index": pa.array(np.arange(size), pa.uint32()),
            "label": pa.array(label, pa.int32()),
            "correct": pa.array(correct),
        }
    )

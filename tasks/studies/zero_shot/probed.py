"""What the pictures' features are worth without texts: a linear classifier and neighbours, along a training."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from storage.errors import InputError
from storage.record.stats import Stats
from storage.tables.shards import read_table
from tasks.evaluation.probe.config import ProbeConfig
from tasks.evaluation.probe.encoded_features import labelled_features
from tasks.evaluation.probe.linear import Labelled
from tasks.evaluation.probe.outcome import probe_outcome
from tasks.evaluation.zeroshot.encoded import EncodedBenchmark
from tasks.training.data.embeddings import EmbeddingSet
from tasks.training.models.heads import Heads
from tasks.training.models.saved import load_heads

BLOCK = 8_192


class Probed(Stats):
    """Heads' image features on a benchmark, by number of steps.

    Attributes:
        steps: the numbers of steps.
        linear: mean per-class recall of the linear classifier.
        neighbours: accuracy of the nearest neighbours' vote.
        converged: whether every classifier reached its tolerance.
        pictures: how many labelled pictures were learnt from.
    """

    steps: tuple[int, ...]
    linear: tuple[float, ...]
    neighbours: tuple[float, ...]
    converged: bool
    pictures: int


def labelled_pictures(examples: EmbeddingSet, pairs: Sequence[Path], classes: Sequence[str]) -> Labelled:
    """The encoder's vectors of every labelled picture, each picture once, ascending in id.

    Args:
        examples: of all pairs.
        pairs: their tables, with ids and labels.
        classes: the benchmark's, which labels are places of.

    Raises:
        InputError: no pair has a label, or one has a label that is no place of `classes`.
    """
    table = read_table(pairs, ["id", "label"])
    table = table.filter(table["label"].is_valid())
    place = np.searchsorted(examples.ids, table["id"].to_numpy())
    known = examples.ids.take(place, mode="clip") == table["id"].to_numpy()  # what is rejected has no vectors
    rows, order = np.unique(place[known], return_index=True)
    labels = table["label"].to_numpy()[known][order].astype(np.int64)
    once = np.sort(np.unique(examples.same_picture[rows], return_index=True)[1])
    rows, labels = rows[once], labels[once]
    if not len(rows):
        raise InputError("no pair has a label, which a linear probe learns; give the source a label_column")
    if labels.min() < 0 or labels.max() >= len(classes):
        raise InputError(
            f"pairs have labels from {labels.min()} to {labels.max()}, but the benchmark has {len(classes)} classes; a "
            "probe learns the benchmark's classes from the pairs' labels, so that both must number them alike"
        )
    vectors = torch.from_numpy(examples.image[examples.place[rows]].astype(np.float32))
    return Labelled(examples.ids[rows], vectors, torch.from_numpy(labels))


def probe_steps(
    kept: Mapping[int, Path],
    pictures: Labelled,
    benchmark: EncodedBenchmark,
    config: ProbeConfig,
    *,
    log: Callable[[str], None],
) -> Probed:
    """Probe the heads that a training kept.

    Args:
        kept: folders of heads, by the steps that they had seen.
        pictures: what classifiers learn from, as the encoder sees it.
        benchmark: what they are asked, as the encoder sees it.
        config: of the classifiers.
        log: is told what a reader must know of a classifier.
    """
    linear, neighbours, converged = [], [], True
    for step in sorted(kept):
        heads = load_heads(kept[step])
        known = Labelled(pictures.ids, _headed(heads, pictures.features), pictures.labels)
        outcome = probe_outcome(config, known, labelled_features(benchmark, heads), log=log)
        linear.append(_metric(outcome.scores.metrics, "mean_per_class_recall"))
        neighbours.append(_metric(outcome.scores.metrics, "knn_acc1"))
        converged &= outcome.linear.fit.converged
    return Probed(
        steps=tuple(sorted(kept)),
        linear=tuple(linear),
        neighbours=tuple(neighbours),
        converged=converged,
        pictures=len(pictures.ids),
    )


def _metric(metrics: Mapping[str, float | None], name: str) -> float:
    value = metrics[name]
    assert value is not None  # a benchmark has images of a class at least
    return value


@torch.no_grad()
def _headed(heads: Heads, vectors: Tensor) -> Tensor:
    """Unit vectors `[n, d]` → the heads' space, of length 1."""
    return functional.normalize(torch.cat([heads.encode_image(block) for block in vectors.split(BLOCK)]), dim=1)

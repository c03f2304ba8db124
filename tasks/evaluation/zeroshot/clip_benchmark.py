"""The one place that knows clip-benchmark, with its program's.

Its prompts, classifier and metrics are used as they are, on folders that `benchmarks.layout` has checked. What it would
get wrong by itself is settled here: automatic mixed precision is off (bf16 changes results on a processor), the device
is a string, nothing is downloaded, and pictures are rendered as they are for screening and training: its own reader
makes what is transparent black, and leaves photographs on their side. On upright, opaque pictures the two agree.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
import torch
from clip_benchmark.metrics import zeroshot_classification
from torch import Tensor, nn

from storage.errors import InputError
from storage.progress import progress
from tasks.embedding.benchmarks.archive import Sample, read_samples
from tasks.embedding.benchmarks.layout import Layout
from tasks.embedding.pictures.resizing import resized_side
from tasks.evaluation.config import EvaluationConfig
from tasks.evaluation.scoring.answers import Answers, Classification, Tagging
from tasks.evaluation.zeroshot.retrieval import Tokeniser, retrieve
from tasks.ingest.pictures.render import Unrenderable, render


def zero_shot(
    layout: Layout,
    model: nn.Module,
    tokenise: Tokeniser,
    batches: Iterable[Any],
    config: EvaluationConfig,
    *,
    device: str = "cpu",
) -> Answers:
    """What a model answers on a benchmark, by the benchmark's kind: see `classify`, `tag` and `retrieve`."""
    if layout.kind == "classification":
        return classify(layout, model, tokenise, batches, device=device)
    if layout.kind == "multilabel":
        return tag(layout, model, tokenise, batches, device=device)
    return retrieve(
        layout,
        model,
        tokenise,
        batches,
        recall_k=config.recall_k,
        drop_blank=config.blank_captions == "drop",
        one_caption=config.one_caption,
        device=device,
    )


def classify(
    layout: Layout, model: nn.Module, tokenise: Tokeniser, batches: Iterable[Any], *, device: str = "cpu"
) -> Classification:
    """Zero-shot classification: nearest class in cosine to the mean of the class's normalised prompt embeddings.

    Args:
        layout: a checked benchmark of kind "classification".
        model: on `device`.
        tokenise: prompts to what its `encode_text` takes.
        batches: (what its `encode_image` takes `[b, …]`, class numbers `[b]`).
        device: a device's type, such as "cuda".

    Raises:
        InputError: an image cannot be decoded, or the model's features are not finite.
    """
    logits, label = _logits(layout, model, tokenise, batches, device)
    # argmax and topk may break ties differently: the best class is argmax's, as in clip-benchmark's recall.
    best = logits.argmax(dim=1)
    first = min(5, logits.shape[1])
    ranking = torch.topk(logits, first, dim=1).indices
    ranking[:, 0] = best
    several = len(layout.classes) >= 5
    top = zeroshot_classification.accuracy(logits, label, topk=(1, 5) if several else (1,))
    return Classification(
        label=label.numpy().astype(np.int64),
        ranking=ranking.numpy().astype(np.int64),
        acc1=float(top[0]),
        acc5=float(top[1]) if several else None,
    )


def tag(
    layout: Layout, model: nn.Module, tokenise: Tokeniser, batches: Iterable[Any], *, device: str = "cpu"
) -> Tagging:
    """Zero-shot classification of images that show several classes: average precisions of the same logits.

    Args:
        layout: a checked benchmark of kind "multilabel".
        model: as for `classify`.
        tokenise: as for `classify`.
        batches: (what the model's `encode_image` takes, 1 where an image shows the class `[b, c]`).
        device: a device's type.

    Raises:
        InputError: as `classify`.
    """
    logits, truth = _logits(layout, model, tokenise, batches, device)
    precision = zeroshot_classification.average_precision_per_class(logits, truth)
    return Tagging(logits.numpy(), truth.bool().numpy(), precision.numpy())


def _logits(
    layout: Layout, model: nn.Module, tokenise: Tokeniser, batches: Iterable[Any], device: str
) -> tuple[Tensor, Tensor]:
    """clip-benchmark's logits `[n, c]`, and the targets as they come."""
    classifier = zeroshot_classification.zero_shot_classifier(
        model, tokenise, list(layout.classes), list(layout.templates), device, amp=False
    )
    logits, target = zeroshot_classification.run_classification(model, classifier, batches, device, amp=False)
    if not torch.isfinite(logits).all():
        raise InputError(
            f"the model gives features that are not finite numbers on {layout.name}; its training diverged"
        )
    return logits, target


@dataclass(frozen=True)
class Batches:
    """The samples of a checked folder as clip-benchmark takes them, as often as they are asked for.

    Attributes:
        layout: the folder.
        transform: a rendered picture to a tensor `[3, h, w]`.
        size: samples in a batch.
    """

    layout: Layout
    transform: Callable[..., Tensor]
    size: int

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor | list[list[str]]]]:
        """Images `[b, 3, h, w]` with labels `[b]`, with 0 and 1 `[b, c]`, or with a list of captions each."""
        several = self.layout.kind == "multilabel"
        samples = read_samples(self.layout.shards, classes=self.layout.labels, several=several)
        while batch := list(islice(samples, self.size)):
            pixels = torch.stack([self._pixels(sample) for sample in batch])
            if several:
                yield pixels, many_hot([sample.labels for sample in batch], len(self.layout.classes))
            elif self.layout.kind == "classification":
                yield pixels, torch.tensor([sample.label for sample in batch])
            else:
                yield pixels, [list(sample.captions) for sample in batch]

    def __len__(self) -> int:
        """Batches."""
        return -(-self.layout.images // self.size)

    def _pixels(self, sample: Sample) -> Tensor:
        try:
            picture = render(sample.image, resized=resized_side(getattr(self.transform, "transforms", ())))
            return self.transform(picture)
        except (Unrenderable, ValueError) as error:  # the longest side resized, a strip has no width left
            raise InputError(
                f"an image of the benchmark {self.layout.name} cannot be read: {sample.name!r} ({_first_line(error)}); "
                f"replace it in its shard in {self.layout.root / self.layout.split}"
            ) from None


def many_hot(labels: Sequence[Sequence[int]], classes: int) -> Tensor:
    """Lists of class numbers as rows of 0 and 1, int64 `[n, c]`."""
    rows = torch.zeros(len(labels), classes, dtype=torch.int64)
    for row, of_image in zip(rows, labels, strict=True):
        row[list(of_image)] = 1
    return rows


def _first_line(error: BaseException) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)[:200]


def _quiet_progress(items: Iterable[Any]) -> Iterable[Any]:
    return progress(items, "zero-shot", unit="batch")


# clip-benchmark draws a tqdm bar at every call, into logs too; the project's own bar shows at terminals only.
zeroshot_classification.tqdm = _quiet_progress

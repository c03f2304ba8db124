"""The one place that knows clip-benchmark.

Its prompts, classifier and metrics are used as they are, on folders that `benchmarks.layout` has checked. What it would
get wrong by itself is settled here: automatic mixed precision is off (bf16 changes results on a processor), the device
is a string, nothing is downloaded, and pictures are rendered as they are for screening and training: its own reader
makes what is transparent black, and leaves photographs on their side. On upright, opaque pictures the two agree.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Protocol, cast

import numpy as np
import torch
from clip_benchmark.metrics import zeroshot_classification, zeroshot_retrieval
from torch import Tensor, nn

from storage.errors import InputError
from storage.progress import progress
from tasks.arrays import Bools
from tasks.embedding.benchmarks.archive import Sample, read_samples
from tasks.embedding.benchmarks.layout import Layout
from tasks.embedding.pictures.resizing import resized_side
from tasks.evaluation.config import EvaluationConfig
from tasks.evaluation.scoring.answers import Classification, Retrieval
from tasks.ingest.pictures.render import Unrenderable, render

Tokeniser = Callable[[list[str]], Any]
"""Texts to what the model's `encode_text` takes, with a method `to(device)`."""


class Encoder(Protocol):
    """What clip-benchmark asks of a model."""

    def encode_image(self, image: Tensor) -> Tensor:
        """Images [n, 3, h, w] → features [n, d]."""
        ...

    def encode_text(self, text: Tensor) -> Tensor:
        """Tokens [n, context] → features [n, d]."""
        ...


def zero_shot(
    layout: Layout,
    model: nn.Module,
    tokenise: Tokeniser,
    batches: Iterable[Any],
    config: EvaluationConfig,
    *,
    device: str = "cpu",
) -> Classification | Retrieval:
    """What a model answers on a benchmark, by the benchmark's kind: see `classify` and `retrieve`."""
    if layout.kind == "classification":
        return classify(layout, model, tokenise, batches, device=device)
    return retrieve(
        layout,
        model,
        tokenise,
        batches,
        recall_k=config.recall_k,
        drop_blank=config.blank_captions == "drop",
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
    classifier = zeroshot_classification.zero_shot_classifier(
        model, tokenise, list(layout.classes), list(layout.templates), device, amp=False
    )
    logits, label = zeroshot_classification.run_classification(model, classifier, batches, device, amp=False)
    if not torch.isfinite(logits).all():
        raise InputError(
            f"the model gives features that are not finite numbers on {layout.name}; its training diverged"
        )
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


def retrieve(
    layout: Layout,
    model: nn.Module,
    tokenise: Tokeniser,
    batches: Iterable[Any],
    *,
    recall_k: Sequence[int],
    drop_blank: bool = False,
    device: str = "cpu",
) -> Retrieval:
    """Zero-shot retrieval both ways; k beyond the number of images (or of captions) is left out.

    Args:
        layout: a checked benchmark of kind "retrieval".
        model: on `device`.
        tokenise: captions to what its `encode_text` takes.
        batches: (what its `encode_image` takes `[b, …]`, lists of captions).
        recall_k: the k of recall@k.
        drop_blank: leave out captions of white space alone, which clip-benchmark asks for like the others; an image
            that has no other is still to be told from the rest, and is not asked for.
        device: a device's type, such as "cuda".

    Raises:
        InputError: an image cannot be decoded, every caption is blank, or every k is beyond the size of the benchmark.
    """
    if min(recall_k) > layout.images:
        raise InputError(
            f"recall_k asks for the nearest {min(recall_k)} and more, but the benchmark {layout.name} has only "
            f"{layout.images} images; give a smaller k"
        )
    encoder = cast(Encoder, model)
    images, texts, image_of_text, largest, blank = [], [], [], 1, 0
    with torch.no_grad():
        for inputs, captions, indices in zeroshot_retrieval.dataloader_with_indices(batches):
            images.append(_unit(encoder.encode_image(inputs.to(device))).cpu())
            largest = max(largest, len(inputs))
            asked = [
                (text, int(index))
                for index, of_image in zip(indices, captions, strict=True)
                for text in of_image
                if text.strip() or not drop_blank
            ]
            if not asked:
                continue
            blank += sum(not text.strip() for text, _ in asked)
            image_of_text += [index for _, index in asked]
            texts.append(_unit(encoder.encode_text(tokenise([text for text, _ in asked]).to(device))).cpu())
    if not texts:
        raise InputError(f"every caption of the benchmark {layout.name} is blank; write captions into its .txt files")
    scores = torch.cat(texts) @ torch.cat(images).T  # [captions, images]
    positive = torch.zeros_like(scores, dtype=torch.bool)
    positive[torch.arange(len(scores)), torch.tensor(image_of_text)] = True
    asked_for = positive.any(dim=0)

    def found(scores: Tensor, positive: Tensor, k: int) -> Bools:
        recall = zeroshot_retrieval.batchify(zeroshot_retrieval.recall_at_k, scores, positive, largest, device, k=k)
        answer: Bools = (recall > 0).numpy()
        return answer

    return Retrieval(
        image_of_text=np.array(image_of_text, dtype=np.int64),
        found_image={k: found(scores, positive, k) for k in recall_k if k <= scores.shape[1]},
        found_text={k: found(scores.T[asked_for], positive.T[asked_for], k) for k in recall_k if k <= scores.shape[0]},
        blank=blank,
    )


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
        """Images `[b, 3, h, w]` with labels `[b]`, or with a list of captions each."""
        samples = read_samples(self.layout.shards, classes=self.layout.labels)
        while batch := list(islice(samples, self.size)):
            pixels = torch.stack([self._pixels(sample) for sample in batch])
            if self.layout.kind == "classification":
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


def _first_line(error: BaseException) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)[:200]


def _unit(features: Tensor) -> Tensor:
    return torch.nn.functional.normalize(features, dim=-1)


def _quiet_progress(items: Iterable[Any]) -> Iterable[Any]:
    return progress(items, "zero-shot")


# clip-benchmark draws a tqdm bar at every call, into logs too; the project's own bar shows at terminals only.
zeroshot_classification.tqdm = _quiet_progress

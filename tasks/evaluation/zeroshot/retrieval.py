"""Zero-shot retrieval both ways, as clip-benchmark counts it, in a fraction of its time and memory.

clip-benchmark's `recall_at_k` makes a one-hot tensor `[queries, k, keys]`; here the k nearest are looked up. Both take
the k nearest from `torch.topk` of the same scores, so the answers are the same, ties included.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol, cast

import numpy as np
import torch
from torch import Tensor, nn

from storage.errors import InputError
from tasks.arrays import Bools, Int64s
from tasks.embedding.benchmarks.layout import Layout
from tasks.evaluation.scoring.answers import Found, Retrieval

Tokeniser = Callable[[list[str]], Any]
"""Texts to what the model's `encode_text` takes, with a method `to(device)`."""

BLOCK = 1_024  # queries whose neighbours are looked up at a time


class Encoder(Protocol):
    """What clip-benchmark asks of a model."""

    def encode_image(self, image: Tensor) -> Tensor:
        """Images [n, 3, h, w] → features [n, d]."""
        ...

    def encode_text(self, text: Tensor) -> Tensor:
        """Tokens [n, context] → features [n, d]."""
        ...


def retrieve(
    layout: Layout,
    model: nn.Module,
    tokenise: Tokeniser,
    batches: Iterable[Any],
    *,
    recall_k: Sequence[int],
    drop_blank: bool = False,
    one_caption: bool = False,
    device: str = "cpu",
) -> Retrieval:
    """Zero-shot retrieval both ways, of every caption, and of one an image.

    A k beyond the number of images (or of captions) is left out.

    Args:
        layout: a checked benchmark of kind "retrieval".
        model: on `device`.
        tokenise: captions to what its `encode_text` takes.
        batches: (what its `encode_image` takes `[b, …]`, lists of captions).
        recall_k: the k of recall@k.
        drop_blank: leave out captions of white space alone, which clip-benchmark asks for like the others; an image
            that has no other is still to be told from the rest, and is not asked for.
        one_caption: ask with the first caption of every image alone, too.
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
    images: list[Tensor] = []
    texts: list[Tensor] = []
    owners: list[int] = []
    first, blank = 0, 0
    with torch.no_grad():
        for inputs, captions in batches:
            images.append(_unit(encoder.encode_image(inputs.to(device))).cpu())
            asked = [
                (text, first + place)
                for place, of_image in enumerate(captions)
                for text in of_image
                if text.strip() or not drop_blank
            ]
            first += len(inputs)
            if not asked:
                continue
            blank += sum(not text.strip() for text, _ in asked)
            owners += [image for _, image in asked]
            texts.append(_unit(encoder.encode_text(tokenise([text for text, _ in asked]).to(device))).cpu())
    if not texts:
        raise InputError(f"every caption of the benchmark {layout.name} is blank; write captions into its .txt files")
    scores = torch.cat(texts) @ torch.cat(images).T  # [captions, images]
    image_of_text = np.array(owners, dtype=np.int64)
    every = _found(scores, image_of_text, recall_k)
    firsts = np.unique(image_of_text, return_index=True)[1]
    one = _found(scores[torch.from_numpy(firsts)], image_of_text[firsts], recall_k) if one_caption else None
    return Retrieval(
        image_of_text=every.image_of_text,
        found_image=every.found_image,
        found_text=every.found_text,
        blank=blank,
        one_caption=one,
    )


def _found(scores: Tensor, image_of_text: Int64s, recall_k: Sequence[int]) -> Found:
    """Both ways, of scores `[t, n]`. Images without a caption are among those to be told apart, and not asked for."""
    owners = torch.from_numpy(image_of_text)
    every, asked = torch.arange(scores.shape[1]), torch.from_numpy(np.unique(image_of_text))
    return Found(
        image_of_text=image_of_text,
        found_image={k: _hits(scores, owners, every, k) for k in recall_k if k <= scores.shape[1]},
        found_text={k: _hits(scores.T[asked], asked, owners, k) for k in recall_k if k <= scores.shape[0]},
    )


def _hits(scores: Tensor, wanted: Tensor, owners: Tensor, k: int) -> Bools:
    """Whether one of each query's k best keys is of the image that is wanted.

    Args:
        scores: `[q, m]`.
        wanted: the image of each query `[q]`.
        owners: the image of each key `[m]`.
        k: how many keys.
    """
    found = [
        (owners[block.topk(k, dim=1).indices] == image.unsqueeze(1)).any(dim=1)
        for block, image in zip(scores.split(BLOCK), wanted.split(BLOCK), strict=True)
    ]
    hits: Bools = torch.cat(found).numpy()
    return hits


def _unit(features: Tensor) -> Tensor:
    return torch.nn.functional.normalize(features, dim=-1)

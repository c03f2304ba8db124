"""A benchmark encoded once, on which any number of heads is scored in seconds by clip-benchmark's own functions."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import torch
from safetensors.torch import load_file, save_file
from torch import LongTensor, Tensor, nn

from storage.errors import InputError
from storage.progress import progress
from tasks.embedding.benchmarks.layout import Layout
from tasks.embedding.encoding.encoders import Encoders
from tasks.evaluation.zeroshot.clip_benchmark import Batches, many_hot
from tasks.training.models.heads import Heads

FEATURES, DESCRIPTION = "features.safetensors", "benchmark.json"

Targets = Sequence[int] | Sequence[Sequence[int]] | Sequence[Sequence[str]]
"""An image's class number, its several class numbers, or its captions."""


@dataclass(frozen=True)
class EncodedBenchmark:
    """What heads need of a benchmark.

    Attributes:
        layout: the benchmark; of one that was read back, `root` is where its features lie and `shards` is empty.
        images: unit vectors `[n, d]`, float32.
        texts: unit vectors of the prompts, or of the captions, each distinct text once, `[t, e]`, float32.
        targets: of every image.
    """

    layout: Layout
    images: Tensor
    texts: Tensor
    targets: Targets

    @property
    def wordings(self) -> list[str]:
        """The distinct texts, in the order of `texts`."""
        return wordings(self.layout, self.targets)

    def batches(self, size: int) -> Iterator[tuple[Tensor, Any]]:
        """(features `[b, d]`, and class numbers `[b]`, 0 and 1 `[b, c]` or caption lists), for clip-benchmark."""
        for first in range(0, len(self.images), size):
            targets: Any = self.targets[first : first + size]
            if self.layout.kind == "classification":
                targets = torch.tensor(targets)
            elif self.layout.kind == "multilabel":
                targets = many_hot(targets, len(self.layout.classes))
            yield self.images[first : first + size], targets


def wordings(layout: Layout, targets: Any) -> list[str]:  # noqa: ANN401  captions, where the texts are captions
    """Every text of a benchmark once, in the order of its first use."""
    if layout.kind == "retrieval":
        return list(dict.fromkeys(text for texts in targets for text in texts))
    return list(dict.fromkeys(prompt for prompts in layout.prompts for prompt in prompts))


def encode_layout(layout: Layout, encoders: Encoders, *, batch_size: int) -> EncodedBenchmark:
    """Encode all images and texts of a benchmark exactly as the pairs were encoded that heads are trained on.

    Raises `InputError` for an image that cannot be read, and where a vector is zero or not finite.
    """
    image, text = encoders.image, encoders.text
    if image is None or text is None:
        raise InputError("zero-shot scores need both modalities; set encoder.settings.modality to both")
    images: list[Tensor] = []
    targets: list[Any] = []
    for pixels, wanted in Batches(layout, image.transform, batch_size):
        images.append(torch.from_numpy(encoders.vectors(image.encode, pixels)))
        if layout.kind == "multilabel":
            targets += [torch.nonzero(row).flatten().tolist() for row in cast(Tensor, wanted)]
        else:
            targets += wanted.tolist() if isinstance(wanted, Tensor) else [list(texts) for texts in wanted]
    words = wordings(layout, targets)
    texts = [
        torch.from_numpy(encoders.vectors(text.encode, text.tokenise(words[first : first + batch_size])))
        for first in progress(range(0, len(words), batch_size), "prompts", unit="batch")
    ]
    found = EncodedBenchmark(layout, torch.cat(images), torch.cat(texts), targets)
    for what, vectors in (("images", found.images), ("texts", found.texts)):
        if not torch.isfinite(vectors).all():
            raise InputError(f"the encoder gives features without a direction for {what} of {layout.name}")
    return found


def save_encoded(directory: Path, encoded: EncodedBenchmark) -> None:
    """Write `features.safetensors` and `benchmark.json`."""
    save_file({"images": encoded.images, "texts": encoded.texts}, directory / FEATURES)
    layout = encoded.layout
    described = {
        "name": layout.name,
        "split": layout.split,
        "kind": layout.kind,
        "classes": layout.classes,
        "templates": layout.templates,
        "targets": encoded.targets,
    }
    (directory / DESCRIPTION).write_text(json.dumps(described, ensure_ascii=False), encoding="utf-8")


def load_encoded(directory: Path) -> EncodedBenchmark:
    """What `save_encoded` wrote."""
    described = json.loads((directory / DESCRIPTION).read_text(encoding="utf-8"))
    features = load_file(directory / FEATURES)
    layout = Layout(
        name=described["name"],
        root=directory,
        split=described["split"],
        kind=described["kind"],
        shards=(),
        classes=tuple(described["classes"]),
        templates=tuple(described["templates"]),
        images=len(features["images"]),
    )
    return EncodedBenchmark(layout, features["images"], features["texts"], described["targets"])


class HeadsOnFeatures(nn.Module):
    """Heads as a CLIP model whose images are feature vectors and whose tokens are places in the encoded texts.

    Without heads it is the encoders themselves, which then must have one space. Raises `InputError` where the sizes of
    the features are not those that are asked for.
    """

    def __init__(self, heads: Heads | None, encoded: EncodedBenchmark) -> None:
        super().__init__()
        require_sizes(heads, encoded.images.shape[1], encoded.texts.shape[1])
        self.heads = heads
        self.texts: Tensor
        self.register_buffer("texts", encoded.texts, persistent=False)
        self.place = {text: number for number, text in enumerate(encoded.wordings)}

    def encode_image(self, image: Tensor, normalize: bool = False) -> Tensor:
        """Features `[n, d]` → the heads' space."""
        return image if self.heads is None else self.heads.encode_image(image, normalize)

    def encode_text(self, text: Tensor, normalize: bool = False) -> Tensor:
        """Places `[n]` → the heads' space."""
        return self.texts[text] if self.heads is None else self.heads.encode_text(self.texts[text], normalize)

    def tokenise(self, texts: list[str]) -> LongTensor:
        """Texts of the benchmark → their places, `[n]`."""
        return LongTensor([self.place[text] for text in texts])


def require_sizes(heads: Heads | None, image: int, text: int) -> None:
    """Raise `InputError` where features of these sizes cannot be compared, by heads or without."""
    if heads is None:
        if image != text:
            raise InputError(
                f"the image encoder gives {image} numbers and the text encoder {text}, so that the two cannot be "
                "compared; give heads that join them, or the two towers of one model"
            )
        return
    for branch, given, wanted in (
        ("image", image, heads.image_encoder.proj.in_features),
        ("text", text, heads.text_encoder.proj.in_features),
    ):
        if given != wanted:
            raise InputError(
                f"the heads take {branch} features of {wanted} numbers, but the {branch} encoder gives {given}; give "
                f"the {branch} encoder that they were trained on"
            )

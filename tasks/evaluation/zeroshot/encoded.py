"""A benchmark encoded once, on which any number of heads is scored in seconds by clip-benchmark's own functions."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import LongTensor, Tensor, nn

from storage.errors import InputError
from storage.progress import progress
from tasks.embedding.benchmarks.layout import Layout
from tasks.embedding.encoding.encoders import Encoders
from tasks.evaluation.zeroshot.clip_benchmark import Batches
from tasks.training.models.heads import Heads

FEATURES, DESCRIPTION = "features.safetensors", "benchmark.json"


@dataclass(frozen=True)
class EncodedBenchmark:
    """What heads need of a benchmark.

    Attributes:
        layout: the benchmark; of one that was read back, `root` is where its features lie and `shards` is empty.
        images: unit vectors `[n, d]`, float32.
        texts: unit vectors of the prompts, or of the captions, each distinct text once, `[t, e]`, float32.
        targets: an image's class number, or its captions.
    """

    layout: Layout
    images: Tensor
    texts: Tensor
    targets: Sequence[int] | Sequence[Sequence[str]]

    @property
    def wordings(self) -> list[str]:
        """The distinct texts, in the order of `texts`."""
        return wordings(self.layout, self.targets)

    def batches(self, size: int) -> Iterator[tuple[Tensor, Any]]:
        """(features `[b, d]`, class numbers `[b]` or caption lists), as clip-benchmark takes them."""
        for first in range(0, len(self.images), size):
            targets = self.targets[first : first + size]
            of_classes = self.layout.kind == "classification"
            yield self.images[first : first + size], torch.tensor(targets) if of_classes else targets


def wordings(layout: Layout, targets: Sequence[int] | Sequence[Sequence[str]]) -> list[str]:
    """Every text of a benchmark once, in the order of its first use."""
    if layout.kind == "classification":
        return list(dict.fromkeys(prompt.format(c=name) for name in layout.classes for prompt in layout.templates))
    return list(dict.fromkeys(text for texts in targets if not isinstance(texts, int) for text in texts))


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
        targets += wanted.tolist() if isinstance(wanted, Tensor) else [list(texts) for texts in wanted]
    words = wordings(layout, targets)
    texts = [
        torch.from_numpy(encoders.vectors(text.encode, text.tokenise(words[first : first + batch_size])))
        for first in progress(range(0, len(words), batch_size), "prompts")
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
    """Heads as a CLIP model whose images are feature vectors and whose tokens are places in the encoded texts."""

    def __init__(self, heads: Heads, encoded: EncodedBenchmark) -> None:
        super().__init__()
        self.heads = heads
        self.texts: Tensor
        self.register_buffer("texts", encoded.texts, persistent=False)
        self.place = {text: number for number, text in enumerate(encoded.wordings)}

    def encode_image(self, image: Tensor, normalize: bool = False) -> Tensor:
        """Features `[n, d]` → the heads' space."""
        return self.heads.encode_image(image, normalize)

    def encode_text(self, text: Tensor, normalize: bool = False) -> Tensor:
        """Places `[n]` → the heads' space."""
        return self.heads.encode_text(self.texts[text], normalize)

    def tokenise(self, texts: list[str]) -> LongTensor:
        """Texts of the benchmark → their places, `[n]`."""
        return LongTensor([self.place[text] for text in texts])

"""A small benchmark written locally, and a small encoder that needs no checkpoint."""

import io
import tarfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from clip_benchmark.datasets.builder import build_dataset
from PIL import Image
from torch import LongTensor, Tensor, nn
from torch.utils.data import DataLoader

from tasks.embedding.benchmarks.layout import Layout
from tasks.embedding.models.clip import Architecture, Clip
from tasks.evaluation.scoring.answers import Classification, Retrieval
from tasks.evaluation.zeroshot.clip_benchmark import Batches, classify, retrieve

COLOURS = {
    "red": (220, 30, 30),
    "green": (30, 200, 40),
    "blue": (40, 60, 220),
    "white": (240, 240, 240),
    "black": (10, 10, 10),
    "yellow": (230, 220, 30),
}


def picture(colour: str, seed: int, form: str = "PNG") -> bytes:
    """A 16 × 16 noisy square of one colour."""
    noise = np.random.default_rng(seed).integers(-60, 61, (16, 16, 3))
    pixels = np.clip(np.array(COLOURS[colour]) + noise, 0, 255).astype(np.uint8)
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, form)
    return stream.getvalue()


def write_tar(path: Path, members: Sequence[tuple[str, bytes]]) -> None:
    """A tar of (name, content) pairs."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w") as archive:
        for name, content in members:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))


def write_classification(root: Path, classes: Sequence[str], *, images: int = 40, shards: int = 2) -> Path:
    """A classification benchmark whose classes are colours."""
    (root / "test").mkdir(parents=True, exist_ok=True)
    (root / "classnames.txt").write_text("\n".join(classes))
    (root / "zeroshot_classification_templates.txt").write_text("a photo of a {c}.\nsomething {c}")
    (root / "test" / "nshards.txt").write_text(f"{shards}\n")
    for shard in range(shards):
        members: list[tuple[str, bytes]] = []
        for index in range(shard, images, shards):
            label = (index * index + shard) % len(classes)
            members.append((f"s{index:07d}.png", picture(classes[label], index)))
            members.append((f"s{index:07d}.cls", str(label).encode()))
        write_tar(root / "test" / f"{shard}.tar", members)
    return root


def write_retrieval(root: Path, *, images: int = 12) -> Path:
    """A retrieval benchmark with one to three captions an image."""
    (root / "test").mkdir(parents=True, exist_ok=True)
    (root / "dataset_type.txt").write_text("retrieval\n")
    (root / "test" / "nshards.txt").write_text("1")
    names = sorted(COLOURS)
    members: list[tuple[str, bytes]] = []
    for index in range(images):
        colour = names[index % len(names)]
        captions = [f"{colour} number {index} view {view}" for view in range(1 + index % 3)]
        members.append((f"s{index:07d}.jpg", picture(colour, index, "JPEG")))
        members.append((f"s{index:07d}.txt", "\n".join(captions).encode()))
    write_tar(root / "test" / "0.tar", members)
    return root


def write_multilabel(root: Path, *, images: int = 30) -> Path:
    """Images that show one or two of the colours, side by side; no image shows the last one."""
    (root / "test").mkdir(parents=True, exist_ok=True)
    names = list(COLOURS)
    (root / "dataset_type.txt").write_text("multilabel\n")
    (root / "classnames.txt").write_text("\n".join(names))
    (root / "zeroshot_classification_templates.txt").write_text("a photo of a {c}.")
    (root / "test" / "nshards.txt").write_text("1")
    members: list[tuple[str, bytes]] = []
    for index in range(images):
        shown = sorted({index % 5, (index * index) % 5})
        vector = np.zeros(len(names), np.int64)
        vector[shown] = 1
        stream = io.BytesIO()
        np.save(stream, vector)
        members.append((f"s{index:07d}.png", picture(names[shown[0]], index)))
        members.append((f"s{index:07d}.npy", stream.getvalue()))
    write_tar(root / "test" / "0.tar", members)
    return root


class SmallEncoder(nn.Module):
    """Fixed random features of the mean colour of an image, and of the characters of a text."""

    def __init__(self, dimension: int = 8) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(3)
        self.pixels = nn.Parameter(torch.randn(3, dimension, generator=generator))
        self.letters = nn.Parameter(torch.randn(128, dimension, generator=generator))

    def encode_image(self, image: Tensor) -> Tensor:
        """[n, 3, h, w] to [n, d]."""
        return image.mean(dim=(2, 3)) @ self.pixels

    def encode_text(self, text: Tensor) -> Tensor:
        """[n, context] to [n, d]."""
        return self.letters[text].mean(dim=1)


def tokenize(texts: list[str]) -> LongTensor:
    """The first 40 characters as numbers."""
    rows = [[ord(character) % 128 for character in text.ljust(40)[:40]] for text in texts]
    return torch.LongTensor(rows)


def their_loader(layout: Layout, transform: Callable[..., Tensor], batch_size: int) -> DataLoader:
    """clip-benchmark's own reading of a benchmark's folder."""
    dataset = build_dataset(
        f"wds/{layout.name}",
        root=str(layout.root.resolve()),
        transform=transform,
        split=layout.split,
        download=False,
        task=f"zeroshot_{layout.kind.replace('multilabel', 'classification')}",
    )
    return DataLoader(dataset.batched(batch_size), batch_size=None, shuffle=False, num_workers=0)


def to_tensor(image: Image.Image) -> Tensor:
    """[3, h, w] in [−1, 1]."""
    return torch.from_numpy(np.array(image)).permute(2, 0, 1).float() / 127.5 - 1


def as_clip(encoder: SmallEncoder) -> Clip:
    """The encoder with its transform and tokenizer, as models are handed around."""
    return Clip(encoder, to_tensor, tokenize, Architecture())


def classified(layout: Layout, clip: Clip, *, batch_size: int = 256) -> Classification:
    """A model's answers on a classification benchmark."""
    return classify(layout, clip.model, clip.tokenizer, Batches(layout, clip.transform, batch_size))


def retrieved(layout: Layout, clip: Clip, *, batch_size: int = 256, **settings: Any) -> Retrieval:
    """A model's answers on a retrieval benchmark."""
    return retrieve(layout, clip.model, clip.tokenizer, Batches(layout, clip.transform, batch_size), **settings)


@pytest.fixture
def encoder() -> SmallEncoder:
    return SmallEncoder().eval()


@pytest.fixture
def colours(tmp_path: Path) -> Path:
    return write_classification(tmp_path / "colours", list(COLOURS))


@pytest.fixture
def captions(tmp_path: Path) -> Path:
    return write_retrieval(tmp_path / "captions")

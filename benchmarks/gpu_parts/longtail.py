"""CIFAR-10 with a long tail and captions, as three training sets: original, balanced, random.

They are made by the pipeline's own functions, as `configs/cifar10_longtail.yaml` has it: matching, a half step of
raking to the capped target (t = 60), residual sampling, and a uniform subset of the selection's effective sample size.
Not as there: no picture is screened for duplicates or leaks, and the tokenizer is one of whole words.
"""

import io
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import torch
from PIL import Image
from torch import Tensor

from tasks.arrays import Floats, Ids, Int64s, Pixels
from tasks.balancing.diagnostics import effective_sample_size
from tasks.balancing.matrix.incidence import Incidence
from tasks.balancing.raking.rake import rake
from tasks.balancing.targets import base_measure, capped
from tasks.matching.matcher import KeywordMatcher
from tasks.resampling.sampling.draw import draw
from tasks.resampling.sampling.subset import subset
from tasks.training.data.augmentation import standardise

CAP = 60
COLOURS = {"mean": (0.5, 0.5, 0.5), "deviation": (0.5, 0.5, 0.5)}
CONTEXT = 16
TEMPLATES = (
    "a photo of a {}.",
    "a blurry photo of a {}.",
    "a photo of the small {}.",
    "a low resolution photo of a {}.",
)
"""Those of CIFAR-10's benchmark."""


@dataclass(frozen=True)
class LongTail:
    """Training pairs and test pictures.

    Attributes:
        pixels: uint8 `[n, 3, 32, 32]`.
        same_picture: uint64 `[n]`, equal for equal files.
        captions: `[n]`.
        keywords: the metadata list.
        test: uint8 `[m, 3, 32, 32]`.
        label: int64 `[m]`, of the test pictures.
        classes: their names.
    """

    pixels: Pixels
    same_picture: Ids
    captions: pa.ChunkedArray
    keywords: Sequence[str]
    test: Pixels
    label: Int64s
    classes: Sequence[str]

    @property
    def ids(self) -> Ids:
        """Of the training pairs, uint64 `[n]`."""
        return np.arange(len(self.pixels), dtype=np.uint64)

    @cached_property
    def copies(self) -> dict[str, Floats]:
        """How often an epoch has every pair, `[n]`, by variant."""
        matched = KeywordMatcher(self.keywords).match(self.captions)
        held = Incidence(self.ids, matched.offsets.to_numpy(), matched.values.to_numpy(), len(self.keywords))
        base = base_measure(held, "rows")
        balance = rake(held.indptr, held.indices, columns=held.columns, column_target=capped(base, CAP), steps=["y"])
        drawn = draw(self.ids, balance.weight, method="residual", size=None, seed=0).multiplicity.astype(np.float64)
        random = np.zeros(len(self.ids))
        random[subset(self.ids, round(effective_sample_size(drawn)), seed=0)] = 1
        return {"original": np.ones(len(self.ids)), "balanced": drawn, "random": random}

    @cached_property
    def _vocabulary(self) -> dict[str, int]:
        words = sorted({word for caption in self.captions.to_pylist() for word in _words(caption)})
        return {word: number for number, word in enumerate(words, 2)}  # 0 is nothing, 1 a word that is not known

    @property
    def words(self) -> int:
        """Numbers that a token can be."""
        return len(self._vocabulary) + 2

    @cached_property
    def asked(self) -> Tensor:
        """The test pictures as a model takes them, float32 `[m, 3, 32, 32]`."""
        return standardise(self.test, **COLOURS)

    @cached_property
    def encoded(self) -> Tensor:
        """The training captions' tokens, `[n, CONTEXT]`."""
        return self.tokens(self.captions.to_pylist())

    def tokens(self, captions: Sequence[str]) -> Tensor:
        """Int64 `[n, CONTEXT]`, the last words last."""
        table = np.zeros((len(captions), CONTEXT), np.int64)
        for row, caption in enumerate(captions):
            numbers = [self._vocabulary.get(word, 1) for word in _words(caption)][:CONTEXT]
            table[row, CONTEXT - len(numbers) :] = numbers
        return torch.from_numpy(table)


def read_longtail(folder: Path) -> LongTail:
    """From a folder that holds `cifar10_longtail/{train.parquet,metadata.json}` and `cifar10/test.parquet`."""
    train = pq.read_table(folder / "cifar10_longtail" / "train.parquet")
    test = pq.read_table(folder / "cifar10" / "test.parquet")
    return LongTail(
        pixels=_decoded(train["image"]),
        same_picture=_numbered(train["image"]),
        captions=train["caption"],
        keywords=json.loads((folder / "cifar10_longtail" / "metadata.json").read_text(encoding="utf-8")),
        test=_decoded(test["image"]),
        label=test["label"].to_numpy(),
        classes=json.loads(train.schema.metadata[b"classes"]),
    )


def small_longtail() -> LongTail:
    """Two hundred squares of three colours, most of them red: to try the program."""
    colours = {"red": (200, 40, 40), "green": (40, 200, 40), "blue": (40, 40, 200)}
    random = np.random.default_rng(0)
    label = np.repeat(np.arange(3), (160, 30, 10))
    shade = np.array(list(colours.values()))[:, :, None, None]

    def drawn(which: Int64s) -> Pixels:
        noise = random.integers(-40, 56, (len(which), 3, 32, 32))
        return (shade[which] + noise).astype(np.uint8)

    captions = pa.chunked_array([[f"a {list(colours)[each]} square" for each in label]])
    asked = np.arange(30) % 3
    pixels = drawn(label)
    return LongTail(
        pixels, np.arange(200, dtype=np.uint64), captions, list(colours), drawn(asked), asked, list(colours)
    )


def _decoded(images: pa.ChunkedArray) -> Pixels:
    files = images.combine_chunks().field("bytes").to_pylist()
    return np.stack([np.asarray(Image.open(io.BytesIO(file)).convert("RGB")).transpose(2, 0, 1) for file in files])


def _numbered(images: pa.ChunkedArray) -> Ids:
    return images.combine_chunks().field("bytes").dictionary_encode().indices.to_numpy().astype(np.uint64)


def _words(caption: str) -> list[str]:
    return re.findall(r"\w+", caption.lower())

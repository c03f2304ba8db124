"""Reading the squares, with a transform and a tokenizer that are easy to follow."""

import torch
from torchvision.transforms import CenterCrop, Compose, Normalize, Resize, ToTensor

from tasks.training.data.images import Preparation
from tasks.training.data.pairs import load_pairs
from tasks.training.data.selection import Drawing
from tasks.training.data.stream.streamed_pairs import StreamedPairs

TRANSFORM = Compose([Resize(32), CenterCrop(32), ToTensor(), Normalize((0.5, 0.4, 0.3), (0.2, 0.3, 0.4))])

ALL = Drawing()


def tokenizer(texts: list[str]) -> torch.Tensor:
    """Two numbers a caption."""
    return torch.tensor([[len(text), ord(text[2])] for text in texts])


def read(paths, drawing=ALL, **options):
    """The pairs of some shards, in memory."""
    return load_pairs(paths, drawing, preparation=Preparation.of(TRANSFORM), tokenizer=tokenizer, **options)


def streamed(paths, drawing=ALL, **options):
    """The same, read as they are needed."""
    return StreamedPairs.of(paths, drawing, preparation=Preparation.of(TRANSFORM), tokenizer=tokenizer, **options)

"""The ways of training heads that `benchmarks.training` compares."""

import io
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice, repeat

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset

from benchmarks.timing.rates import Way
from storage.tables.ids import row_ids
from tasks.training.config import HeadsConfig
from tasks.training.data.embeddings import EmbeddingSet, embedding_batches
from tasks.training.loop.context import Context
from tasks.training.models.heads import Heads, Mlp
from tasks.training.recipes.heads import train_heads


def embeddings(rows: int) -> EmbeddingSet:
    generator = np.random.default_rng(0)
    image, text = (generator.standard_normal((rows, 512)).astype(np.float32) for _ in range(2))
    ids = np.sort(row_ids("bench", [str(row) for row in range(rows)]))
    return EmbeddingSet(ids, np.ones(rows), np.arange(rows), ids, image, text)


class Rows(Dataset):
    """Stored embeddings, row by row, as a DataLoader wants them."""

    def __init__(self, examples: EmbeddingSet) -> None:
        self.examples = examples

    def __len__(self) -> int:
        return len(self.examples.ids)

    def __getitem__(self, row: int) -> tuple[Tensor, Tensor]:
        return torch.from_numpy(self.examples.image[row]), torch.from_numpy(self.examples.text[row])


def ours(examples: EmbeddingSet, batch: int, device: str) -> Way:
    return lambda steps: train_heads(
        examples, HeadsConfig(steps=steps, batch=batch), seed=0, context=Context(device=device)
    )


def plain_loop(
    pairs: Callable[[], Iterator[tuple[Tensor, Tensor]]], encode: Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]
) -> Way:
    """The loop of the paper's own kind: encode (or not), heads, cross-entropy both ways, AdamW."""

    def train(steps: int) -> None:
        heads, optimiser = None, None
        for images, texts in islice(pairs(), steps):
            images, texts = encode(images, texts)
            if heads is None:
                heads = Heads(images.shape[1], texts.shape[1]).to(images.device)
                optimiser = torch.optim.AdamW(heads.parameters(), lr=2e-3, weight_decay=1e-2)
            image, text, scale = heads(images, texts)
            logits = scale * image @ text.T
            answers = torch.arange(len(logits), device=logits.device)
            loss = (functional.cross_entropy(logits, answers) + functional.cross_entropy(logits.T, answers)) / 2
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            loss.item()

    return train


def forever(loader: DataLoader) -> Iterator[tuple[Tensor, Tensor]]:
    while True:
        yield from loader


def head_ways(rows: int, batch: int, device: str) -> dict[str, Way]:
    examples = embeddings(rows)
    loader = DataLoader(Rows(examples), batch, shuffle=True, drop_last=True)
    moved = partial(_moved, device=device)
    one = next(iter(loader))
    return {
        "ours": ours(examples, batch, device),
        "DataLoader loop, stored embeddings": plain_loop(lambda: forever(loader), moved),
        "the same loop on one batch again and again": plain_loop(lambda: repeat(one), moved),
        "floor: its products of matrices alone": products(batch, device),
    }


def _moved(images: Tensor, texts: Tensor, device: str) -> tuple[Tensor, Tensor]:
    return images.to(device), texts.to(device)


def products(batch: int, device: str) -> Way:
    """The matrix products of one step, forward and backward, and nothing else."""
    heads = Heads().to(device)
    inputs = torch.randn(batch, 512, device=device)

    def branch(head: Mlp) -> Tensor:
        weights = [layer.weight for layer in (head.proj, *head.layers, head.out)]
        entering = [inputs]
        for weight in weights:
            entering.append(entering[-1] @ weight.T)
        gradient = outputs = entering.pop()
        for place in reversed(range(len(weights))):
            _ = gradient.T @ entering[place]
            if place:
                gradient = gradient @ weights[place]
        return outputs

    @torch.no_grad()
    def train(steps: int) -> None:
        for _ in range(steps):
            image, text = branch(heads.image_encoder), branch(heads.text_encoder)
            logits = image @ text.T
            _ = logits @ text, logits.T @ image

    return train


def data_ways(rows: int, batch: int) -> dict[str, Way]:
    """How a batch is put together, and nothing else."""
    examples = embeddings(rows)
    loader = DataLoader(Rows(examples), batch, shuffle=True, drop_last=True)

    def batches(steps: int) -> None:
        for _ in islice(embedding_batches(examples, batch=batch, seed=0, start=0), steps):
            pass

    def loaded(steps: int) -> None:
        for _ in islice(forever(loader), steps):
            pass

    return {"ours, the data alone": batches, "DataLoader, the data alone": loaded}


def towers_ways(model: str, rows: int, batch: int, device: str) -> dict[str, Way]:
    """Ours on stored embeddings; a loop that encodes pictures and captions at every step; encoding alone."""
    import open_clip

    towers = open_clip.create_model(model).to(device).eval()
    side, tokenizer = towers.visual.image_size[0], open_clip.get_tokenizer(model)
    transform = open_clip.image_transform(side, is_train=False)

    class Files(Dataset):
        """Encoded pictures with captions; decoded, transformed and tokenised at every use."""

        picture = io.BytesIO()
        Image.fromarray(np.random.default_rng(0).integers(0, 256, (side, side, 3), dtype=np.uint8)).save(
            picture, format="JPEG"
        )

        def __len__(self) -> int:
            return rows

        def __getitem__(self, row: int) -> tuple[Tensor, Tensor]:
            return transform(Image.open(io.BytesIO(self.picture.getvalue()))), tokenizer([f"a photo, number {row}"])[0]

    loader = DataLoader(Files(), batch, shuffle=True, drop_last=True)

    @torch.no_grad()
    def encode(images: Tensor, texts: Tensor) -> tuple[Tensor, Tensor]:
        return towers.encode_image(images.to(device)).float(), towers.encode_text(texts.to(device)).float()

    def encoding(steps: int) -> None:
        for images, texts in islice(forever(loader), steps):
            encode(images, texts)

    return {
        "ours": ours(embeddings(rows), batch, device),
        f"DataLoader loop, frozen {model} at every step": plain_loop(lambda: forever(loader), encode),
        f"encoding alone, frozen {model}": encoding,
    }

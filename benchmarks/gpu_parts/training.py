"""Training CLIP from curated shards: examples a second, against the same loop on batches that are there already."""

import hashlib
import math
import time
from collections.abc import Callable, Iterator
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import timm
import torch
from torch import Tensor

from benchmarks.gpu_parts.loop_settings import loop_settings
from benchmarks.gpu_parts.models import CONTEXT, WORDS, clip_model
from benchmarks.gpu_parts.pictures import jpegs, write_shard
from benchmarks.gpu_parts.rows import Row, Setting, guarded
from storage.tables.shards import iter_batches
from tasks.training.data.augmentation import augment, standardise
from tasks.training.data.batch import Batch
from tasks.training.data.images import AHEAD, Preparation, decode_all
from tasks.training.loop.context import Context
from tasks.training.loop.fit import fit
from tasks.training.recipes.contrastive_objective import ContrastiveObjective

PART = "training"
Batches = Callable[[int], Iterator[Batch]]
Tokenizer = Callable[[list[str]], Tensor]

MIRRORED = SimpleNamespace(shift=0.125, flip=True)
"""The augmentation of `configs/cifar10_longtail.yaml`."""


def measure(setting: Setting) -> Iterator[Row]:
    """ViT-B/32 and a small ViT, k = 2, bfloat16."""
    rows, side = (32, 64) if setting.tiny else (6144, 256)
    shard = write_shard(setting.folder / "training.parquet", jpegs(rows, side))
    for size in ("tiny",) if setting.tiny else ("B/32", "small"):
        setting.check_time()
        yield from guarded(PART, f"ViT {size}", _of_size(setting, shard, size))


def _of_size(setting: Setting, shard: Path, size: str) -> Iterator[Row]:
    batch, steps = (8, 4) if setting.tiny else (512, 24)
    model, side = clip_model(size)
    preparation = Preparation.of(timm.data.create_transform((3, side, side), interpolation="bicubic"))
    random = Batch(np.arange(batch, dtype=np.uint64), torch.randn(batch, 3, side, side), _tokens([""] * batch))
    alone, peak = rate(setting, model, partial(_repeated, random), batch, steps, half_steps=2)
    yield Row(PART, f"ViT {size}, k=2, bfloat16, B={batch}: batches that are there", alone, "examples/s")
    yield Row(PART, f"ViT {size}: peak", peak, "MiB")
    name, batches = reader(shard, preparation, _tokens, batch, setting.workers)
    made = _seconds_a_batch(batches, 2 if setting.tiny else 6)
    yield Row(PART, f"ViT {size}: batches made, {setting.workers} threads, no model", batch / made, "examples/s")
    cores = math.ceil(setting.workers * alone * made / batch)
    yield Row(PART, f"ViT {size}: cores that keep the model busy", cores, "cores")
    found, _ = rate(setting, model, batches, batch, steps, half_steps=2)
    yield Row(PART, f"ViT {size}: from curated shards ({name}, {setting.workers} threads)", found, "examples/s")
    goal = setting.judged(found >= 0.9 * alone)
    yield Row(PART, f"ViT {size}: share of the model's rate", 100 * found / alone, "%", ">= 90", goal)


def _repeated(batch: Batch, start: int) -> Iterator[Batch]:
    while True:
        yield batch


def _seconds_a_batch(batches: Batches, count: int) -> float:
    stream = batches(0)
    next(stream)
    began = time.perf_counter()
    for _ in range(count):
        next(stream)
    return (time.perf_counter() - began) / count


def rate(
    setting: Setting, model: torch.nn.Module, batches: Batches, batch: int, steps: int, *, half_steps: int
) -> tuple[float, float | None]:
    """Examples a second of the pipeline's loop after the first quarter of the steps, and the peak of memory in MiB."""
    settings = loop_settings(
        steps=steps,
        batch=batch,
        half_steps=half_steps,
        precision="bf16-mixed" if setting.accelerated else "32-true",
    )
    objective = ContrastiveObjective(model, settings.loss, settings.regulariser)
    began = [0.0]
    warm = max(1, steps // 4)

    def after(step: int) -> None:
        if step == warm:
            setting.wait()
            began[0] = time.perf_counter()

    if setting.accelerated:
        torch.cuda.reset_peak_memory_stats()
    fit(objective, batches, settings, Context(device=setting.device), ahead=AHEAD, after=after)
    setting.wait()
    found = (steps - warm) * batch / (time.perf_counter() - began[0])
    return found, torch.cuda.max_memory_allocated() / 2**20 if setting.accelerated else None


def reader(
    shard: Path, preparation: Preparation, tokenizer: Tokenizer, batch: int, workers: int
) -> tuple[str, Batches]:
    """The pipeline's own stream where `xxhash` is, which its draws need; else the shard's rows in their order."""
    colours = {"mean": preparation.mean, "deviation": preparation.deviation}
    if find_spec("xxhash") is not None:
        from tasks.training.data.pairs import read_pairs
        from tasks.training.data.selection import Drawing

        pairs = read_pairs(
            [shard], Drawing(), preparation=preparation, tokenizer=tokenizer, workers=workers, decoded_limit=0
        )
        places = np.arange(batch)

        def drawn(start: int) -> Iterator[Batch]:
            stream = pairs.batches(batch=batch, seed=0, start=start, part=slice(0, batch))
            for step, each in enumerate(stream, start):
                images = augment(each.pictures, places, MIRRORED, seed=0, step=step, workers=workers, **colours)
                yield Batch(each.ids, images, each.tokens)

        return "the pipeline's stream", drawn

    def in_order(start: int) -> Iterator[Batch]:
        while True:
            for rows in iter_batches(shard, ["id", "key", "caption", "image"], rows=batch):
                contents = rows["image"].field("bytes").to_pylist()
                pixels = decode_all(contents, rows["key"].to_pylist(), preparation, workers)
                yield Batch(
                    rows["id"].to_numpy(), standardise(pixels, **colours), tokenizer(rows["caption"].to_pylist())
                )

    return "rows in order", in_order


def _tokens(captions: list[str]) -> Tensor:
    """Tokens `[n, 77]` that a caption's hash decides: the tokenizer's time is not measured."""
    seeds = [int.from_bytes(hashlib.blake2b(each.encode(), digest_size=4).digest()) for each in captions]
    return torch.tensor([[(seed * (place + 1)) % WORDS for place in range(CONTEXT)] for seed in seeds])

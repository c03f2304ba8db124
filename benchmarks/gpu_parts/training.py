"""Training CLIP from curated shards: examples a second, against the same loop on batches that are there already."""

import hashlib
import time
from collections.abc import Callable, Iterator
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import timm
import torch
from torch import Tensor

from benchmarks.gpu_parts.loop_settings import loop_settings
from benchmarks.gpu_parts.models import CONTEXT, WORDS, clip_model
from benchmarks.gpu_parts.pictures import write_shard
from benchmarks.gpu_parts.rows import Row, Setting
from storage.tables.shards import iter_batches
from tasks.training.data.batch import Batch
from tasks.training.data.images import AHEAD, Preparation, decode_all
from tasks.training.loop.context import Context
from tasks.training.loop.fit import fit
from tasks.training.recipes.contrastive_objective import ContrastiveObjective

Batches = Callable[[int], Iterator[Batch]]


def measure(setting: Setting) -> Iterator[Row]:
    """ViT-B/32 and a small ViT, k = 2, bfloat16."""
    rows, batch, steps = (32, 8, 4) if setting.tiny else (6144, 512, 24)
    shard = write_shard(setting.folder / "training.parquet", rows, 64 if setting.tiny else 256)
    for size in ("tiny",) if setting.tiny else ("B/32", "small"):
        setting.check_time()
        model, side = clip_model(size)
        transform = timm.data.create_transform((3, side, side), interpolation="bicubic")
        preparation = Preparation.of(transform)
        random = Batch(np.arange(batch, dtype=np.uint64), torch.randn(batch, 3, side, side), _tokens([""] * batch))
        name, read = _reader(shard, preparation, batch, setting.workers)
        alone, peak = _rate(setting, model, partial(_repeated, random), batch, steps)
        yield Row("training", f"ViT {size}, k=2, bfloat16, B={batch}: batches that are there", alone, "examples/s")
        yield Row("training", f"ViT {size}: peak", None if peak is None else peak / 2**20, "MiB")
        found, _ = _rate(setting, model, read, batch, steps)
        yield Row(
            "training", f"ViT {size}: from curated shards ({name}, {setting.workers} threads)", found, "examples/s"
        )
        goal = setting.judged(found >= 0.9 * alone)
        yield Row("training", f"ViT {size}: share of the model's rate", 100 * found / alone, "%", ">= 90", goal)


def _repeated(batch: Batch, start: int) -> Iterator[Batch]:
    while True:
        yield batch


def _rate(
    setting: Setting, model: torch.nn.Module, batches: Batches, batch: int, steps: int
) -> tuple[float, int | None]:
    """Examples a second after the first quarter of the steps, and the peak of memory."""
    settings = loop_settings(steps=steps, batch=batch, half_steps=2, precision="bf16-mixed")
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
    rate = (steps - warm) * batch / (time.perf_counter() - began[0])
    return rate, torch.cuda.max_memory_allocated() if setting.accelerated else None


def _reader(shard: Path, preparation: Preparation, batch: int, workers: int) -> tuple[str, Batches]:
    """The pipeline's own stream where `xxhash` is, which its draws need; else the shard's rows in their order."""
    mean, deviation = (torch.tensor(each)[:, None, None] for each in (preparation.mean, preparation.deviation))

    def standardised(pixels: np.ndarray) -> Tensor:
        return (torch.from_numpy(pixels).float() / 255 - mean) / deviation

    if find_spec("xxhash") is not None:
        from tasks.training.data.pairs import read_pairs
        from tasks.training.data.selection import Drawing

        pairs = read_pairs(
            [shard], Drawing(), preparation=preparation, tokenizer=_tokens, workers=workers, decoded_limit=0
        )

        def drawn(start: int) -> Iterator[Batch]:
            for each in pairs.batches(batch=batch, seed=0, start=start, part=slice(0, batch)):
                yield Batch(each.ids, standardised(each.pictures), each.tokens)

        return "the pipeline's stream", drawn

    def in_order(start: int) -> Iterator[Batch]:
        while True:
            for rows in iter_batches(shard, ["id", "key", "caption", "image"], rows=batch):
                contents = rows["image"].field("bytes").to_pylist()
                pixels = decode_all(contents, rows["key"].to_pylist(), preparation, workers)
                yield Batch(rows["id"].to_numpy(), standardised(pixels), _tokens(rows["caption"].to_pylist()))

    return "rows in order", in_order


def _tokens(captions: list[str]) -> Tensor:
    """Tokens `[n, 77]` that a caption's hash decides: the tokenizer's time is not measured."""
    seeds = [int.from_bytes(hashlib.blake2b(each.encode(), digest_size=4).digest()) for each in captions]
    return torch.tensor([[(seed * (place + 1)) % WORDS for place in range(CONTEXT)] for seed in seeds])

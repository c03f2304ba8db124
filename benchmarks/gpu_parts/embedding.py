"""From shards of JPEG pictures to vectors, against the model alone; and the cores that decoding takes."""

import math
import time
from collections.abc import Iterator
from pathlib import Path

import timm
import torch

from benchmarks.gpu_parts.models import image_model
from benchmarks.gpu_parts.pictures import jpegs, write_shard
from benchmarks.gpu_parts.rows import Row, Setting, guarded
from storage.tables.shards import read_table
from tasks.embedding.encoding.encode_shard import encode_shard
from tasks.embedding.encoding.encoders import Encoders, ImageEncoder
from tasks.threads import fixed_threads

PART = "embedding"
MODELS = {"ViT-B/32": "vit_base_patch32_224", "EfficientNet-B0": "efficientnet_b0"}
SHARE = 0.9


def measure(setting: Setting) -> Iterator[Row]:
    """Both models, in bfloat16 on an accelerator, as a user would."""
    rows, side = (24, 64) if setting.tiny else (8192, 336)
    shard = write_shard(setting.folder / "embedding.parquet", jpegs(rows, side))
    for name, known in MODELS.items():
        setting.check_time()
        yield from guarded(PART, name, _of_model(setting, shard, rows, name, known))


def _of_model(setting: Setting, shard: Path, rows: int, name: str, known: str) -> Iterator[Row]:
    batch = 8 if setting.tiny else 256
    model, side = image_model(known, tiny=setting.tiny)
    model.to(setting.device)
    transform = timm.data.create_transform((3, side, side), interpolation="bicubic")
    encoder = ImageEncoder(transform, lambda pixels: model(pixels.to(setting.device, non_blocking=True)))
    encoders = Encoders(encoder, None, setting.device, "bfloat16" if setting.accelerated else "float32")
    pixels = torch.randn(batch, 3, side, side)
    alone = batch / setting.seconds(lambda: encoders.images(pixels))
    yield Row(PART, f"{name} alone, tensors from the processor", alone, "images/s")
    there = pixels.to(setting.device)
    fed = batch / setting.seconds(lambda: encoders.images(there))
    yield Row(PART, f"{name} alone, tensors on the device", fed, "images/s")
    contents = read_table(shard, ["image"])["image"].combine_chunks().field("bytes").to_pylist()[: 2 * batch]
    with fixed_threads(1):
        encoder.prepare(contents[:8])
        began = time.perf_counter()
        encoder.prepare(contents)
        one_core = len(contents) / (time.perf_counter() - began)
    yield Row(PART, f"{name}: decoding and transform, one core", one_core, "images/s")
    yield Row(PART, f"{name}: cores that keep the model busy", math.ceil(fed / one_core), "cores")
    began = time.perf_counter()
    encoded = encode_shard(shard, encoders, batch_size=batch, stored="float16", workers=setting.workers)
    rate = rows / (time.perf_counter() - began)
    sound = len(encoded.embeddings) == rows
    yield Row(PART, f"{name}: every row of the shard is encoded", float(sound), "", "all", "met" if sound else "missed")
    yield Row(PART, f"{name}: shards to rows, {setting.workers} threads", rate, "images/s")
    reach = min(fed, setting.workers * one_core)  # what the model or the cores allow
    verdict = setting.judged(rate >= SHARE * reach)
    yield Row(PART, f"{name}: share of what model and cores allow", 100 * rate / reach, "%", ">= 90", verdict)

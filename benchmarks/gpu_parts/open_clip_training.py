"""open_clip's own training program beside our loop: one model, the same pictures, batch, precision and workers.

Both decode every picture anew at every use. Its program reads tars, crops at random and has worker processes; it is
run as it is, in a process of its own. Ours reads curated shards, shifts and mirrors, and has threads. Neither compiles.
Rates are of the steps after the first quarter.
"""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import torch

from benchmarks.gpu_parts.pictures import jpegs, write_shard, write_tars
from benchmarks.gpu_parts.rows import Row, Setting, guarded, in_words
from benchmarks.gpu_parts.training import rate, reader
from tasks.training.data.images import Preparation

PART = "open_clip"

NEEDED = {
    "open_clip": "open_clip_torch",
    "open_clip_train": "open_clip_torch",
    "webdataset": "webdataset<=0.2.86",
    "braceexpand": "braceexpand",
    "ftfy": "ftfy",
    "wcwidth": "wcwidth",
    "pandas": "pandas",
}
"""Modules of open_clip's program that come with nothing else here, and the distributions that bring them."""

_TINY = {
    "embed_dim": 16,
    "vision_cfg": {"image_size": 32, "layers": 1, "width": 32, "head_width": 16, "patch_size": 8},
    "text_cfg": {"context_length": 77, "vocab_size": 49408, "width": 16, "heads": 2, "layers": 1},
}

_PROGRAM = """
import sys
import open_clip, torch
from open_clip_train.main import main
open_clip.add_model_config(sys.argv[1])
main(sys.argv[2:])
print("peak of memory:", torch.cuda.max_memory_allocated() if torch.cuda.is_available() else None)
"""

_STEP = re.compile(r"Train Epoch: \d+ \[ *(\d+)/")


def measure(setting: Setting) -> Iterator[Row]:
    """ViT-B/32 and a small ViT, k = 1, bfloat16."""
    missing = dict.fromkeys(brought for module, brought in NEEDED.items() if find_spec(module) is None)
    if missing:
        yield Row(PART, f"needs the wheels of {', '.join(missing)}", None, "", "", "not measured: not installed")
        return
    rows, side = (32, 64) if setting.tiny else (6144, 256)
    contents = jpegs(rows, side)
    shard = write_shard(setting.folder / "open_clip.parquet", contents)
    tars = write_tars(setting.folder / "tars", contents, setting.workers)
    (setting.folder / "models").mkdir()
    (setting.folder / "models" / "tiny.json").write_text(json.dumps(_TINY))
    for name in ("tiny",) if setting.tiny else ("ViT-B-32", "ViT-S-16"):
        setting.check_time()
        yield from guarded(PART, name, _of_model(setting, name, shard, tars))


def _of_model(setting: Setting, name: str, shard: Path, tars: str) -> Iterator[Row]:
    # every worker of its loader makes whole batches, and as many as the others
    batch, steps = (8, 4 * setting.workers) if setting.tiny else (512, 4 * max(8, setting.workers))
    ours, memory = _ours(setting, name, shard, batch, steps)
    words = f"{name}, k=1, B={batch}, {setting.workers} workers"
    yield Row(PART, f"{words}: ours", ours, "examples/s")
    yield Row(PART, f"{name}: ours, peak", memory, "MiB")
    try:
        theirs, peak = _theirs(setting, name, tars, batch, steps)
    except RuntimeError as error:  # a peer's fault is none of ours
        yield Row(PART, f"{words}: open_clip_train", None, "", "", f"not measured: {in_words(error)}")
        return
    yield Row(PART, f"{words}: open_clip_train", theirs, "examples/s")
    yield Row(PART, f"{name}: open_clip_train, peak", peak, "MiB")
    yield Row(PART, f"{name}: ours ÷ open_clip_train", ours / theirs, "x", ">= 1", setting.judged(ours >= theirs))


def _ours(setting: Setting, name: str, shard: Path, batch: int, steps: int) -> tuple[float, float | None]:
    import open_clip

    open_clip.add_model_config(setting.folder / "models")
    model, _, transform = open_clip.create_model_and_transforms(name)
    model.to(memory_format=torch.channels_last)
    _, batches = reader(shard, Preparation.of(transform), open_clip.get_tokenizer(name), batch, setting.workers)
    found = rate(setting, model, batches, batch, steps, half_steps=1)
    del model
    if setting.accelerated:
        torch.cuda.empty_cache()  # the other process is to have the card
    return found


def _theirs(setting: Setting, name: str, tars: str, batch: int, steps: int) -> tuple[float, float | None]:
    """Examples a second by the clock between two lines of its log, and its peak of memory in MiB."""
    warm = max(1, steps // 4)
    options = (
        f"--dataset-type webdataset --dataset-resampled --train-data {tars} --train-num-samples {steps * batch} "
        f"--batch-size {batch} --epochs 1 --workers {setting.workers} --device {setting.device} --model {name} "
        f"--precision {'amp_bf16' if setting.accelerated else 'fp32'} --lr 1e-3 --warmup 0 --seed 0 "
        f"--logs {setting.folder / 'logs'} --name {name} --save-frequency 0 --log-every-n-steps {warm}"
    ).split()
    seen: list[tuple[int, float]] = []  # examples done, and when
    said: list[str] = []
    peak = None
    command = [sys.executable, "-c", _PROGRAM, str(setting.folder / "models"), *options]
    threads = {} if setting.accelerated else {"OMP_NUM_THREADS": "1"}  # as our loop has on a processor
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=os.environ | threads
    ) as program:
        for line in program.stdout or ():
            said.append(line)
            if step := _STEP.search(line):
                seen.append((int(step[1]), time.perf_counter()))
            if line.startswith("peak of memory:") and "None" not in line:
                peak = int(line.rpartition(":")[2]) / 2**20
    if program.returncode:
        raise RuntimeError(f"open_clip_train ended with {program.returncode}: {' '.join(said[-3:])}")
    first, last = next(each for each in seen if each[0] >= warm * batch), seen[-1]
    if last[0] != steps * batch:
        raise RuntimeError(f"open_clip_train made {last[0]} examples of {steps * batch}")
    return (last[0] - first[0]) / (last[1] - first[1]), peak

"""The ways of training a CLIP model that `benchmarks.training` compares: open_clip's program, and ours."""

import atexit
import io
import json
import logging
import shutil
import tempfile
from pathlib import Path

import numpy as np
import open_clip
import pyarrow as pa
import torch
from open_clip.loss import ClipLoss
from PIL import Image

from benchmarks.timing.rates import Way
from storage.tables.ids import row_ids
from storage.tables.schemas import PAIRS
from storage.tables.shards import write_table
from tasks.embedding.models.clip import Architecture, Clip
from tasks.training.config import OptimiserConfig, ScheduleConfig, TrainingConfig
from tasks.training.data.images import Preparation
from tasks.training.data.pairs import read_pairs
from tasks.training.data.selection import Drawing
from tasks.training.loop.context import Context
from tasks.training.recipes.clip import train_clip
from tasks.training.recipes.open_clip_main import train_with

SMALL = {
    "embed_dim": 64,
    "vision_cfg": {"image_size": 32, "layers": 3, "width": 96, "head_width": 32, "patch_size": 8},
    "text_cfg": {"context_length": 77, "vocab_size": 49408, "width": 64, "heads": 2, "layers": 1},
}
WORDS = ("red", "green", "blue", "white", "grey")


def clip_ways(model: str | None, batch: int, device: str) -> dict[str, Way]:
    """The same model, fresh, the same JPEG files and captions, batch, precision and AdamW.

    open_clip_train reads its CSV, and decodes, crops at random and tokenises each example at each use. Ours decodes
    each picture at each use and shifts it at random, but tokenises a caption once; or it keeps the pictures decoded,
    as it does where they fit in memory (decoding them once is then not in the figure).
    """
    folder = Path(tempfile.mkdtemp(prefix="equipoise-benchmark-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    if model is None:
        model = "equipoise-benchmark"
        (folder / "models").mkdir()
        (folder / "models" / f"{model}.json").write_text(json.dumps(SMALL))
        open_clip.add_model_config(folder / "models")
    side = open_clip.create_model(model).visual.image_size[0]
    _write_pairs(folder, side, rows=max(256, 2 * batch))
    return {
        "ours": _ours(model, folder, batch, device, decoded_limit=0),
        "open_clip_train": _theirs(model, folder, batch, device),
        "ours, pictures kept decoded": _ours(model, folder, batch, device, decoded_limit=1 << 40),
    }


def _write_pairs(folder: Path, side: int, rows: int) -> None:
    encoded, captions, lines = [], [], ["filepath\ttitle"]
    for row in range(rows):
        coarse = np.random.default_rng(row).integers(0, 256, (8, 8, 3), dtype=np.uint8)
        file = io.BytesIO()
        Image.fromarray(coarse).resize((side, side), Image.Resampling.BICUBIC).save(file, format="JPEG")
        (folder / f"{row}.jpg").write_bytes(file.getvalue())
        encoded.append({"bytes": file.getvalue(), "path": None})
        captions.append(f"a {WORDS[row % 5]} picture with the number {row}")
        lines.append(f"{folder / f'{row}.jpg'}\t{captions[-1]}")
    (folder / "train.csv").write_text("\n".join(lines))
    keys = [str(row) for row in range(rows)]
    columns = [row_ids("bench", keys), keys, captions, encoded, [0] * rows, ["bench"] * rows]
    arrays = [pa.array(values, field.type) for values, field in zip(columns, PAIRS, strict=True)]
    write_table(folder / "pairs-00000.parquet", pa.Table.from_arrays(arrays, schema=PAIRS))


def _theirs(model: str, folder: Path, batch: int, device: str) -> Way:
    runs = iter(range(1 << 30))

    def train(steps: int) -> None:
        # one epoch of the right length: a CSV that repeats the first
        header, *lines = (folder / "train.csv").read_text().splitlines()
        wanted = steps * batch
        repeated = (lines * (1 + wanted // len(lines)))[:wanted]
        (folder / "repeated.csv").write_text("\n".join([header, *repeated]))
        train_with(ClipLoss(), (
            f"--dataset-type csv --train-data {folder}/repeated.csv --batch-size {batch} --epochs 1 --workers 0 "
            f"--device {device} --precision fp32 --model {model} --lr 1e-3 --warmup 0 --logs {folder} "
            f"--name {next(runs)} --save-frequency 0 --seed 0 --grad-clip-norm 1.0"
        ).split())  # fmt: skip
        logging.getLogger().handlers.clear()

    return train


def _ours(model: str, folder: Path, batch: int, device: str, *, decoded_limit: int) -> Way:
    transform = open_clip.image_transform(open_clip.get_model_config(model)["vision_cfg"]["image_size"], is_train=False)
    tokenizer = open_clip.get_tokenizer(model)

    def train(steps: int) -> None:
        torch.manual_seed(0)
        clip = Clip(open_clip.create_model(model).to(device), transform, tokenizer, Architecture())
        pairs = read_pairs(
            [folder / "pairs-00000.parquet"],
            Drawing(),
            preparation=Preparation.of(transform),
            tokenizer=tokenizer,
            decoded_limit=decoded_limit,
        )
        config = TrainingConfig(
            steps=steps,
            batch=batch,
            optimiser=OptimiserConfig(learning_rate=1e-3),
            schedule=ScheduleConfig(warmup=0),
        )
        train_clip(clip, pairs, config, seed=0, context=Context(device=device))

    return train

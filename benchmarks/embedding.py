"""How fast are pictures encoded, JPEGs in Parquet in and rows out, against the model alone?

    python -m benchmarks.embedding                                    # small model on a processor; a minute or two
    python -m benchmarks.embedding --device cuda --model ViT-B-32 --side 256 --rows 20000 --precision bfloat16

Held against the same model on the same pictures: `model` encodes batches that lie ready in memory (nothing is
decoded: the bound), `loader` is the usual loop, a torch DataLoader of worker processes and one batch at a time through
the model. Rounds are interleaved, seconds are wall clock since decoding and model are to overlap; medians of the
rounds' ratios are printed, and the vectors are compared before anything is timed.
"""

import argparse
import io
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import torch
from PIL import Image

from storage.tables.schemas import PAIRS
from storage.tables.shards import ShardWriter, read_table
from tasks.embedding.config import EmbeddingConfig
from tasks.embedding.encoding.encoders import Encoders, open_encoders
from tasks.embedding.models.architecture import Architecture
from tasks.embedding.record import EncoderFiles
from tasks.embedding.run import embed_shards


def photograph(seed: int, side: int) -> bytes:
    """A JPEG with detail of all sizes, about as large as a photograph's."""
    rng = np.random.default_rng(seed)
    noise = [Image.fromarray(rng.integers(0, 256, (n, n, 3), np.uint8)) for n in (4, side // 8, side // 2)]
    layers = [np.asarray(layer.resize((side, side), Image.Resampling.BILINEAR), np.float32) for layer in noise]
    buffer = io.BytesIO()
    Image.fromarray((0.5 * layers[0] + 0.3 * layers[1] + 0.2 * layers[2]).astype(np.uint8)).save(
        buffer, "JPEG", quality=90
    )
    return buffer.getvalue()


def write_pairs(folder: Path, rows: int, side: int) -> list[Path]:
    with ShardWriter(folder, "pairs", PAIRS) as writer:
        for first in range(0, rows, 512):
            numbers = list(range(first, min(rows, first + 512)))
            images = [{"bytes": photograph(number, side), "path": None} for number in numbers]
            names = [str(number) for number in numbers]
            columns = [numbers, names, names, images, [None] * len(numbers), ["made"] * len(numbers)]
            writer.write(pa.table([pa.array(c, f.type) for c, f in zip(columns, PAIRS, strict=True)], schema=PAIRS))
    return sorted(folder.glob("pairs-*.parquet"))


class Jpegs(torch.utils.data.Dataset):
    """What the usual loop reads: all files in memory, decoded one by one."""

    def __init__(self, shards: list[Path], transform: Callable[[Image.Image], torch.Tensor]) -> None:
        images = [read_table(shard, ["image"])["image"].to_pylist() for shard in shards]
        self.contents = [image["bytes"] for shard in images for image in shard]
        self.transform = transform

    def __len__(self) -> int:
        return len(self.contents)

    def __getitem__(self, row: int) -> torch.Tensor:
        return self.transform(Image.open(io.BytesIO(self.contents[row])).convert("RGB"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--model", default="equipoise-tiny-vit", help="an open_clip name, or equipoise-tiny-vit")
    parser.add_argument("--precision", choices=["float32", "bfloat16", "float16"], default="float32")
    parser.add_argument("--rows", type=int, default=2_048)
    parser.add_argument("--side", type=int, default=128, help="pixels a side of the JPEGs")
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    torch.set_num_threads(chosen.workers)
    config = EmbeddingConfig(
        modality="image",
        architecture=Architecture(name=chosen.model),
        batch_size=chosen.batch,
        precision=chosen.precision,
    )
    encoders = open_encoders(config, EncoderFiles(), chosen.device)
    assert encoders.image is not None
    with tempfile.TemporaryDirectory() as folder:
        shards = write_pairs(Path(folder), chosen.rows, chosen.side)
        jpegs = Jpegs(shards, encoders.image.transform)
        ready = torch.stack([jpegs[row] for row in range(chosen.rows)]).split(chosen.batch)
        calls: dict[str, Callable[[], np.ndarray]] = {
            "stage": lambda: _stage(config, shards, Path(folder), chosen.device, chosen.workers),
            "model": lambda: np.concatenate([encoders.vectors(encoders.image.encode, batch) for batch in ready]),
            "loader": lambda: _loop(encoders, jpegs, chosen.batch, chosen.workers),
        }
        first = {name: call() for name, call in calls.items()}
        tolerance = 1e-4 if chosen.precision == "float32" else 3e-2
        assert all(np.allclose(first["stage"], vectors, atol=tolerance) for vectors in first.values())
        seconds: dict[str, list[float]] = {name: [] for name in calls}
        for _ in range(chosen.rounds):
            for name, call in calls.items():
                started = time.perf_counter()
                call()
                seconds[name].append(time.perf_counter() - started)
    size = len(jpegs.contents[0]) // 1_000
    print(f"{chosen.rows} JPEGs of {chosen.side} × {chosen.side} ({size} kB), {chosen.model} on {chosen.device}, "
          f"{chosen.precision}, batches of {chosen.batch}, {chosen.workers} workers\n")  # fmt: skip
    for name, found in seconds.items():
        against = statistics.median(other / own for own, other in zip(found, seconds["stage"], strict=True))
        rate = chosen.rows / statistics.median(found)
        print(f"{name:>8}  {rate:>9.0f} images/s   stage takes {against:.2f} × its time")


def _stage(config: EmbeddingConfig, shards: list[Path], folder: Path, device: str, workers: int) -> np.ndarray:
    """The stage, model loading included: Parquet in, Parquet out."""
    with tempfile.TemporaryDirectory(dir=folder) as place:
        output = Path(place) / "output"
        output.mkdir()
        embed_shards(
            config, shards=shards, opened=lambda: open_encoders(config, EncoderFiles(), device), output=output,
            scratch=Path(place) / "scratch", device=device, workers=workers,
        )  # fmt: skip
        table = read_table(sorted(output.glob("embeddings-*")))["image"]
        return table.combine_chunks().flatten().to_numpy().reshape(len(table), -1)


def _loop(encoders: Encoders, jpegs: Jpegs, batch: int, workers: int) -> np.ndarray:
    assert encoders.image is not None
    loader = torch.utils.data.DataLoader(jpegs, batch, num_workers=workers)
    return np.concatenate([encoders.vectors(encoders.image.encode, images) for images in loader])


if __name__ == "__main__":
    main()

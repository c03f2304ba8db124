"""How many examples a second does the loop train on, against open_clip's program and a plain DataLoader loop?

    python -m benchmarks.training heads                  # the paper's heads, batch 128
    python -m benchmarks.training clip                   # a small ViT, against open_clip_train

Claims: heads at least 10 times a DataLoader loop that reads the same embeddings row by row; a CLIP model at least as
fast as open_clip_train on the same model, data and precision. Rounds are interleaved, times are CPU seconds of one
thread, and medians of the rounds' ratios are printed.
"""

import argparse
import io
import logging
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from storage.draws import row_ids

SIDE, PAIRS, WORDS = 32, 1_024, ("red", "green", "blue", "white")


def compare(ways: dict[str, Callable[[], int]], rounds: int) -> None:
    """Each way trains and returns the examples it saw; the first one is ours."""
    rates: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(rounds + 1):
        for name, train in ways.items():
            start = time.process_time()
            examples = train()
            if number:  # the first round warms up
                rates[name].append(examples / (time.process_time() - start))
    ours = next(iter(ways))
    for name, values in rates.items():
        ratio = statistics.median(own / other for own, other in zip(rates[ours], values, strict=True))
        print(f"{name:<24} {statistics.median(values):>9.0f} examples/s   ours is {ratio:.2f}x", flush=True)


def heads(rounds: int) -> None:
    from torch.utils.data import DataLoader, Dataset

    from tasks.training.config import HeadsConfig
    from tasks.training.embedded import EmbeddingSet
    from tasks.training.heads_training import build_heads, train_heads
    from tasks.training.losses import unrolled_loss

    generator, count = np.random.default_rng(0), 20_000
    image, text = (generator.standard_normal((count, 512)).astype(np.float32) for _ in range(2))
    ids = np.sort(row_ids("bench", [str(row) for row in range(count)]))
    examples = EmbeddingSet(ids, np.ones(count), np.arange(count), image, text)
    config = HeadsConfig(steps=150, batch=128)

    class Rows(Dataset):
        def __len__(self) -> int:
            return count

        def __getitem__(self, row: int) -> tuple[torch.Tensor, torch.Tensor]:
            return torch.from_numpy(image[row]), torch.from_numpy(text[row])

    def ours() -> int:
        return train_heads(examples, config, seed=0)[1].examples_seen

    def plain() -> int:
        model = build_heads(examples, config, seed=0)
        optimiser = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=1e-2)
        loader = DataLoader(Rows(), 128, shuffle=True)
        for _, (images, texts) in zip(range(config.steps), loader, strict=False):
            image_features, text_features, scale = model(images, texts)
            loss = unrolled_loss(scale * image_features @ text_features.T, 1)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            loss.item()
        return config.steps * 128

    compare({"ours": ours, "DataLoader loop": plain}, rounds)


def clip(rounds: int) -> None:
    import open_clip
    from open_clip.loss import ClipLoss

    from tasks.embedding.clip import Architecture, Clip, build_clip
    from tasks.training.clip_training import train_clip
    from tasks.training.config import TrainingConfig
    from tasks.training.images import DecodedPictures, Preparation
    from tasks.training.open_clip_main import train_with
    from tasks.training.pairs import PairSet

    folder = Path(tempfile.mkdtemp())
    (folder / "models").mkdir()
    (folder / "models" / "equipoise-bench.json").write_text(
        '{"embed_dim": 64, '
        '"vision_cfg": {"image_size": 32, "layers": 3, "width": 96, "head_width": 32, "patch_size": 8},'
        ' "text_cfg": {"context_length": 77, "vocab_size": 49408, "width": 64, "heads": 2, "layers": 1}}'
    )
    open_clip.add_model_config(folder / "models")
    lines, encoded, captions = ["filepath\ttitle"], [], []
    for row in range(PAIRS):
        noise = np.random.default_rng(row).integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)
        file = io.BytesIO()
        Image.fromarray(noise).save(file, format="PNG")
        (folder / f"{row}.png").write_bytes(file.getvalue())
        encoded.append(noise.transpose(2, 0, 1))
        captions.append(f"a {WORDS[row % 4]} picture number {row}")
        lines.append(f"{folder / f'{row}.png'}\t{captions[-1]}")
    (folder / "train.csv").write_text("\n".join(lines))
    runs = iter(range(1_000))

    def theirs() -> int:
        train_with(ClipLoss(), (
            f"--dataset-type csv --train-data {folder}/train.csv --batch-size 128 --epochs 2 --workers 0 --device cpu "
            f"--precision fp32 --model equipoise-bench --lr 1e-3 --warmup 0 --logs {folder} --name {next(runs)} "
            "--save-frequency 0 --seed 0"
        ).split())  # fmt: skip
        logging.getLogger().handlers.clear()
        return 2 * PAIRS

    base = build_clip(Architecture(name="ViT-B-32", image_size=SIDE), seed=0)
    ids = np.sort(row_ids("bench", [str(row) for row in range(PAIRS)]))

    def ours() -> int:
        torch.manual_seed(0)
        model = open_clip.create_model("equipoise-bench")
        pairs = PairSet(ids, np.ones(PAIRS), base.tokenizer(captions), DecodedPictures(np.stack(encoded)),
                        Preparation.of(base.transform), 0)  # fmt: skip
        wrapped = Clip(model, base.transform, base.tokenizer, base.architecture)
        return train_clip(wrapped, pairs, TrainingConfig(steps=2 * PAIRS // 128, batch=128), seed=0).examples_seen

    compare({"ours": ours, "open_clip_train": theirs}, rounds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("heads", "clip"))
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    torch.set_num_threads(1)
    {"heads": heads, "clip": clip}[options.what](options.rounds)


if __name__ == "__main__":
    main()

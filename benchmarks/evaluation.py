"""Scoring many checkpoints: heads on benchmarks encoded once, against clip-benchmark run for each of them.

    python -m benchmarks.evaluation --image-model FOLDER --text-model FOLDER

The peer is clip-benchmark 1.6.2's own functions, `zeroshot_classification.evaluate` and `zeroshot_retrieval.evaluate`,
on the whole model, as its program calls them for each checkpoint and set. Both sides read the same tars on one thread
and must give the same scores to 1e-6. Sets: two of classes and one of captions, drawn here, of `--images` each.
What is left out on both sides: imports, and loading the encoders. What our side does besides: intervals.
"""

import argparse
import io
import tarfile
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from clip_benchmark.datasets.builder import build_dataset
from clip_benchmark.metrics import zeroshot_classification, zeroshot_retrieval
from PIL import Image
from torch.utils.data import DataLoader

from tasks.embedding.benchmarks.layout import Layout, inspect_layout
from tasks.embedding.config import EmbeddingConfig
from tasks.embedding.encoding.encoders import Encoders, open_encoders
from tasks.embedding.record import EncoderFiles
from tasks.evaluation.config import EvaluationConfig
from tasks.evaluation.scoring.intervals import Bootstrap
from tasks.evaluation.scoring.scores import scores_of
from tasks.evaluation.zeroshot.clip_benchmark import zero_shot
from tasks.evaluation.zeroshot.encoded import HeadsOnFeatures, encode_layout
from tasks.training.models.heads import Heads
from tasks.training.models.saved import HeadedModel

WORDS = ("red", "green", "blue", "white", "black", "yellow", "orange", "purple", "grey", "pink")
CONFIG = EvaluationConfig(recall_k=(1, 5, 10))


def write_sets(root: Path, images: int) -> list[Layout]:
    """Two sets of ten classes, with 18 and 80 prompts, and one of five captions an image."""
    generator = np.random.default_rng(0)
    layouts = []
    for name, prompts in (("ten", 18), ("many-prompts", 80), ("captions", 0)):
        folder = root / name
        (folder / "test").mkdir(parents=True)
        (folder / "test" / "nshards.txt").write_text("1")
        if prompts:
            (folder / "classnames.txt").write_text("\n".join(WORDS))
            lines = [f"picture {number} of something {{c}}." for number in range(prompts)]
            (folder / "zeroshot_classification_templates.txt").write_text("\n".join(lines))
        else:
            (folder / "dataset_type.txt").write_text("retrieval")
        with tarfile.open(folder / "test" / "0.tar", "w") as archive:
            for index in range(images):
                pixels = generator.integers(0, 256, (32, 32, 3)).astype(np.uint8)
                stream = io.BytesIO()
                Image.fromarray(pixels).resize((256, 256)).save(stream, "JPEG")
                label = index % len(WORDS)
                captions = "\n".join(f"{WORDS[label]} number {index} seen {view}" for view in range(5))
                target = ("cls", str(label)) if prompts else ("txt", captions)
                for extension, content in (("jpg", stream.getvalue()), (target[0], target[1].encode())):
                    info = tarfile.TarInfo(f"s{index:07d}.{extension}")
                    info.size = len(content)
                    archive.addfile(info, io.BytesIO(content))
        layouts.append(inspect_layout(folder, name=name))
    return layouts


def theirs(layout: Layout, encoders: Encoders, heads: Heads, batch: int) -> dict[str, float]:
    """One checkpoint on one set, by clip-benchmark."""
    model = HeadedModel(encoders, heads).eval()
    assert encoders.image is not None and encoders.text is not None
    task = "zeroshot_retrieval" if layout.kind == "retrieval" else "zeroshot_classification"
    dataset = build_dataset(
        f"wds/{layout.name}", root=str(layout.root), transform=encoders.image.transform, split="test", download=False,
        task=task,
    )  # fmt: skip
    loader = DataLoader(dataset.batched(batch), batch_size=None, shuffle=False, num_workers=0)
    tokenise = encoders.text.tokenise
    if layout.kind == "retrieval":
        found: dict[str, float] = zeroshot_retrieval.evaluate(
            model, loader, tokenise, "cpu", amp=False, recall_k_list=list(CONFIG.recall_k)
        )
        return found
    found = zeroshot_classification.evaluate(
        model, loader, tokenise, list(layout.classes), list(layout.templates), device="cpu", amp=False
    )
    return found


def ours(layout: Layout, encoders: Encoders, checkpoints: list[Heads], batch: int) -> list[dict[str, float | None]]:
    """All checkpoints on one set."""
    encoded = encode_layout(layout, encoders, batch_size=batch)
    scores = []
    for heads in checkpoints:
        model = HeadsOnFeatures(heads, encoded).eval()
        answers = zero_shot(encoded.layout, model, model.tokenise, encoded.batches(256), CONFIG)
        scores.append(scores_of(answers, layout.classes, Bootstrap()).metrics)
    return scores


def timed(work: Callable[[], object]) -> tuple[float, object]:
    """Seconds, and what came of it."""
    began = time.perf_counter()
    found = work()
    return time.perf_counter() - began, found


def main() -> None:
    """Print the seconds of either side and their ratio, checkpoint counts and the largest difference of a score."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--image-model", type=Path)
    parser.add_argument("--text-model", type=Path)
    parser.add_argument("--images", type=int, default=64)
    parser.add_argument("--checkpoints", type=int, default=30)
    options = parser.parse_args()
    torch.set_num_threads(1)
    encoders = open_encoders(EmbeddingConfig(), EncoderFiles(None, options.image_model, options.text_model), "cpu")
    with tempfile.TemporaryDirectory() as folder:
        layouts = write_sets(Path(folder), options.images)
        first = encode_layout(layouts[0], encoders, batch_size=8)
        checkpoints = []
        for seed in range(options.checkpoints):
            torch.manual_seed(seed)
            checkpoints.append(Heads(first.images.shape[1], first.texts.shape[1]).eval())
        seconds = np.zeros(2)
        largest = 0.0
        for layout in layouts:
            mine, scores = timed(lambda layout=layout: ours(layout, encoders, checkpoints, 32))
            their, answers = timed(lambda layout=layout: [theirs(layout, encoders, each, 32) for each in checkpoints])
            assert isinstance(scores, list) and isinstance(answers, list)
            for own, other in zip(scores, answers, strict=True):
                largest = max(largest, *(abs(own[name] - value) for name, value in other.items()))
            seconds += (mine, their)
            print(f"{layout.name}: {options.checkpoints} checkpoints, {layout.images} images: "
                  f"ours {mine:.2f} s, clip-benchmark {their:.2f} s, ratio {their / mine:.1f}")  # fmt: skip
        print(f"all three sets: ours {seconds[0]:.2f} s, clip-benchmark {seconds[1]:.2f} s, "
              f"ratio {seconds[1] / seconds[0]:.1f}; largest difference of a score {largest:.1e}")  # fmt: skip
        assert largest < 1e-6


if __name__ == "__main__":
    main()

"""Scoring many checkpoints: heads on benchmarks encoded once, against clip-benchmark run for each of them.

    python -m benchmarks.evaluation [--images 64] [--checkpoints 30]

The peer is clip-benchmark 1.6.2's own functions, `zeroshot_classification.evaluate` and `zeroshot_retrieval.evaluate`,
on the whole model, as its program calls them for each checkpoint and set. Both sides read the same tars on one thread
and must give the same scores to 1e-6. Sets, of `--images` pictures each: CIFAR-10's test pictures with 4 and with 80
prompts, and long-tailed CIFAR-10's with five captions each. The ratio grows with the pictures, towards the number of
checkpoints, because what is left for a checkpoint is the scoring alone.
What is left out on both sides: imports, and loading the encoders. What our side does besides: intervals.
"""

import argparse
import io
import os
import tarfile
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import torch
from clip_benchmark.datasets.builder import build_dataset
from clip_benchmark.metrics import zeroshot_classification, zeroshot_retrieval
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

PROMPTS, CAPTIONS = 80, 5
CONFIG = EvaluationConfig(recall_k=(1, 5, 10))


def write_sets(root: Path, data: Path, images: int) -> list[Layout]:
    """Two sets of CIFAR-10's ten classes, with 4 and 80 prompts, and one of five captions an image."""
    source = data / "wds_cifar10"
    names = (source / "classnames.txt").read_text()
    few = (source / "zeroshot_classification_templates.txt").read_text()
    many = "\n".join(f"picture {number} of a {{c}}." for number in range(PROMPTS))
    with tarfile.open(source / "test" / "0.tar") as archive:
        members = [archive.next() for _ in range(2 * images)]
        tested = [(each.name, archive.extractfile(each).read()) for each in members]  # type: ignore[union-attr]
    layouts = []
    for name, templates in (("cifar10", few), ("cifar10-many-prompts", many)):
        texts = {"classnames.txt": names, "zeroshot_classification_templates.txt": templates}
        layouts.append(_write_set(root / name, texts, tested))
    return [*layouts, _write_set(root / "captions", {"dataset_type.txt": "retrieval"}, _captioned(data, images))]


def _captioned(data: Path, images: int) -> list[tuple[str, bytes]]:
    """Members of a tar: pictures, each with captions of its class, no caption twice."""
    table = pq.read_table(data / "cifar10_longtail" / "train.parquet")
    texts: dict[int, list[str]] = {}
    for caption, label in dict(zip(*(table[name].to_pylist() for name in ("caption", "label")), strict=True)).items():
        if len(caption.split()) > 1 and "\n" not in caption:
            texts.setdefault(label, []).append(caption)
    members = []
    for picture, label in zip(table["image"], table["label"].to_pylist(), strict=True):
        if len(texts.get(label, [])) >= CAPTIONS:
            lines = [texts[label].pop() for _ in range(CAPTIONS)]
            name = f"s{len(members) // 2:07d}"
            members += [(f"{name}.jpg", picture["bytes"].as_py()), (f"{name}.txt", "\n".join(lines).encode())]
        if len(members) == 2 * images:
            return members
    raise SystemExit(f"{data} has captions for {len(members) // 2} pictures alone; ask for fewer --images")


def _write_set(folder: Path, texts: dict[str, str], members: list[tuple[str, bytes]]) -> Layout:
    """A folder as clip-benchmark reads it."""
    (folder / "test").mkdir(parents=True)
    for name, text in {"test/nshards.txt": "1", **texts}.items():
        (folder / name).write_text(text, encoding="utf-8")
    with tarfile.open(folder / "test" / "0.tar", "w") as archive:
        for name, content in members:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return inspect_layout(folder, name=folder.name)


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


def compare(layouts: list[Layout], encoders: Encoders, checkpoints: list[Heads]) -> None:
    """Print the seconds of either side and their ratio, set by set and in all; the scores must be equal."""
    seconds = np.zeros(2)
    largest = 0.0
    for layout in layouts:
        mine, scores = timed(lambda layout=layout: ours(layout, encoders, checkpoints, 32))
        their, answers = timed(lambda layout=layout: [theirs(layout, encoders, each, 32) for each in checkpoints])
        assert isinstance(scores, list) and isinstance(answers, list)
        for own, other in zip(scores, answers, strict=True):
            largest = max(largest, *(abs(own[name] - value) for name, value in other.items()))
        seconds += (mine, their)
        print(f"{layout.name}: {len(checkpoints)} checkpoints, {layout.images} images: "
              f"ours {mine:.2f} s, clip-benchmark {their:.2f} s, ratio {their / mine:.1f}", flush=True)  # fmt: skip
    print(f"all three sets of {layouts[0].images}: ours {seconds[0]:.2f} s, clip-benchmark {seconds[1]:.2f} s, "
          f"ratio {seconds[1] / seconds[0]:.1f}; largest difference of a score {largest:.1e}", flush=True)  # fmt: skip
    assert largest < 1e-6


def main() -> None:
    """Draw the sets and the heads, and compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--image-model", type=Path, default=Path("../shared/models/efficientnet_lite0"))
    parser.add_argument("--text-model", type=Path, default=Path("../shared/models/minilm_l3"))
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("EQUIPOISE_DATA", "../shared/data")))
    parser.add_argument("--images", type=int, default=64)
    parser.add_argument("--checkpoints", type=int, default=30)
    options = parser.parse_args()
    torch.set_num_threads(1)
    encoders = open_encoders(EmbeddingConfig(), EncoderFiles(None, options.image_model, options.text_model), "cpu")
    with tempfile.TemporaryDirectory() as folder:
        layouts = write_sets(Path(folder), options.data, options.images)
        first = encode_layout(layouts[0], encoders, batch_size=8)
        checkpoints = []
        for seed in range(options.checkpoints):
            torch.manual_seed(seed)
            checkpoints.append(Heads(first.images.shape[1], first.texts.shape[1]).eval())
        compare(layouts, encoders, checkpoints)


if __name__ == "__main__":
    main()

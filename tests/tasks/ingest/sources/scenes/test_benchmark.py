"""The uniform test set, read by clip-benchmark itself."""

from pathlib import Path

import numpy as np
import pytest

from storage.hashing import hash_file
from tasks.ingest.sources.scenes.benchmark import write_benchmark
from tasks.ingest.sources.scenes.config import ScenesConfig
from tasks.ingest.sources.scenes.vocabulary import COLOUR_NAMES, CONCEPT_NAMES, SHAPES


def test_same_bytes_every_time(tmp_path: Path) -> None:
    config = ScenesConfig(test_images=64)
    for name in ("one", "two"):
        write_benchmark(config, tmp_path / name)
    one, two = (sorted(path for path in (tmp_path / name).rglob("*") if path.is_file()) for name in ("one", "two"))
    assert [path.relative_to(tmp_path / "one") for path in one] == [path.relative_to(tmp_path / "two") for path in two]
    assert [hash_file(path) for path in one] == [hash_file(path) for path in two]
    assert len(one) == 12


@pytest.mark.parametrize(("task", "classes"), [("shape", SHAPES), ("colour", COLOUR_NAMES), ("object", CONCEPT_NAMES)])
def test_clip_benchmark_reads_it(tmp_path: Path, task: str, classes: tuple[str, ...]) -> None:
    builder = pytest.importorskip("clip_benchmark.datasets.builder")
    write_benchmark(ScenesConfig(test_images=128), tmp_path)
    dataset = builder.build_dataset(
        f"wds/scenes_{task}", root=str(tmp_path / task), transform=np.asarray, split="test", download=False
    )
    assert tuple(dataset.classes) == classes
    assert all("{c}" in template for template in dataset.templates)
    samples = list(dataset)
    assert len(samples) == 128
    assert samples[0][0].shape == (32, 32, 3)
    assert np.bincount([label for _, label in samples]).tolist() == [128 // len(classes)] * len(classes)

"""Curation end to end: what is taken down is in nothing, and all else is as if it had never been collected."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import yaml
from PIL import Image

from flows.commands.reading.explain import explain
from flows.config.pipeline import PipelineConfig, load_config
from flows.engine.status import StatusEngine
from flows.graph.build import curate
from flows.graph.curate import variants
from flows.run import run_here
from storage.store.store import Store
from storage.tables.ids import row_ids
from storage.tables.shards import read_table, write_table

WORDS = ("circle", "square", "star", "ring", "red", "blue")
ROWS = 300
IDS = row_ids("shapes", [f"key {row}" for row in range(ROWS)])
TWINS = (10, 11, 12)  # rows of one caption and one image
DOWN = sorted({int(IDS[0]), int(min(IDS[list(TWINS)])), int(IDS[150]), int(IDS[299])})
METHODS: dict[str, dict[str, Any]] = {
    "rake": {"method": "rake", "target": {"kind": "capped", "t": 25}, "steps": ["x", "y"]},
    "threshold": {"method": "threshold", "size": 90},
    "calibrate": {"method": "calibrate", "target": {"kind": "capped", "t": 25}, "size": 90},
}


def source(path: Path, without: frozenset[int] = frozenset()) -> Path:
    """Captions with one to three words each, drawn with a long tail, and small pictures."""
    generator = np.random.default_rng(0)
    share = 1.0 / np.arange(1, len(WORDS) + 1)
    captions, images = [], []
    for row in range(ROWS):
        words = generator.choice(WORDS, size=generator.integers(0, 4), p=share / share.sum(), replace=False)
        captions.append(f"number {row} " + " ".join(words))
        stream = io.BytesIO()
        Image.fromarray(generator.integers(0, 256, (8, 8, 3), dtype=np.uint8)).save(stream, "PNG")
        images.append(stream.getvalue())
    for row in TWINS[1:]:
        captions[row], images[row] = captions[TWINS[0]] + " star", images[TWINS[0]]
    captions[TWINS[0]] = captions[TWINS[1]]
    kept = [row for row in range(ROWS) if int(IDS[row]) not in without]
    table = {
        "key": [f"key {row}" for row in kept],
        "caption": [captions[row] for row in kept],
        "image": [images[row] for row in kept],
    }
    write_table(path, pa.table(table))
    return path


def experiment(folder: Path, method: str, *, takedown: bool, screening: bool, rows_per_group: int) -> PipelineConfig:
    """The same collection with rows taken down, or collected without them."""
    folder.mkdir(parents=True)
    data = source(folder / "data.parquet", frozenset() if takedown else frozenset(DOWN))
    values: dict[str, Any] = {
        "output": str(folder / "run"),
        "store": str(folder / "store"),
        "sources": [
            {"kind": "huggingface_parquet", "name": "shapes", "path": str(data), "key_column": "key",
             "rows_per_group": rows_per_group}
        ],
        "metadata": {"sources": [{"kind": "entries", "entries": list(WORDS)}]},
        "balancing": METHODS[method] | ({"takedown": DOWN} if takedown else {}),
        "curated": {"validation": 0.2},
        "encoder": {"model": None, "settings": {"encoder": "pixels", "modality": "image", "pixel_side": 4}},
        "geometry": {},
    }  # fmt: skip
    if screening:
        values["screening"] = {"encoder": {"settings": values["encoder"]["settings"]}, "deduplicate": {"near": "auto"}}
    path = folder / "shapes.yaml"
    path.write_text(yaml.safe_dump(values))
    return load_config(path)


@dataclass(frozen=True)
class Made:
    """What a run left, put together over its groups."""

    config: PipelineConfig

    def __post_init__(self) -> None:
        run_here(self.config, "pipeline", lambda line: None)

    def table(self, pattern: str) -> pa.Table:
        paths = sorted(self.config.runtime.store.glob(pattern))
        rows = pa.concat_tables(read_table(path) for path in paths).sort_by("id")
        return rows.select([name for name in rows.column_names if name != "row"]).combine_chunks()

    def files(self, pattern: str) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in sorted(self.config.runtime.store.glob(pattern))}

    def ids(self, pattern: str) -> set[int]:
        return set(self.table(pattern)["id"].to_pylist())

    def same(self, other: Made) -> bool:
        tables = ("select/*/selection-*.parquet", "thin/*/selection-*.parquet", "gather/*/*.parquet")
        return (
            all(self.table(pattern) == other.table(pattern) for pattern in tables)
            and self.files("balance/*/law*") == other.files("balance/*/law*")
            and self.files("realise/*/entries.parquet") == other.files("realise/*/entries.parquet")
        )


@pytest.mark.parametrize("screening", [False, True])
@pytest.mark.parametrize("method", METHODS)
def test_a_takedown_equals_a_rebuild(tmp_path: Path, method: str, screening: bool) -> None:
    down = Made(experiment(tmp_path / "down", method, takedown=True, screening=screening, rows_per_group=ROWS))
    rebuilt = Made(experiment(tmp_path / "rebuilt", method, takedown=False, screening=screening, rows_per_group=ROWS))
    assert down.same(rebuilt)
    assert down.files("gather/*/*.parquet") == rebuilt.files("gather/*/*.parquet")
    seen = down.table("match/*/matches-*.parquet")
    assert set(seen.filter(seen["entries"].is_valid())["id"].to_pylist()) <= set(IDS.tolist()) - set(DOWN)
    assert down.files("match/*/counts.parquet") == rebuilt.files("match/*/counts.parquet")
    for pattern in ("gather/*/*.parquet", "thin/*/*.parquet", "embed/*/embeddings-*.parquet"):
        assert down.ids(pattern) and not down.ids(pattern) & set(DOWN), pattern
    twins = {int(IDS[row]) for row in TWINS} - set(DOWN)
    left = down.ids("embed/*/embeddings-*.parquet") if not screening else None
    assert left is None or twins <= left
    data = variants(*curate(StatusEngine(down.config.runtime), down.config))
    assert [len(data[name].gone) for name in ("original", "balanced", "random")] == [1, 0, 1]
    story = explain(down.config, str(DOWN[0]))
    assert story.dropping is not None and story.dropping.by == "takedown"
    assert story.balancing is None and story.selection is None


@pytest.mark.parametrize("draws", ["poisson", "residual", "multinomial", "systematic"])
@pytest.mark.parametrize("method", METHODS)
def test_the_same_to_the_bit_for_any_groups_and_workers(tmp_path: Path, method: str, draws: str) -> None:
    made = []
    for rows_per_group, workers in ((ROWS, 1), (70, 3)):
        folder = tmp_path / str(rows_per_group)
        config = experiment(folder, method, takedown=True, screening=False, rows_per_group=rows_per_group)
        changes = {
            "resampling": config.resampling.model_copy(update={"method": draws, "size": 80}),
            "runtime": config.runtime.model_copy(update={"workers": workers}),
            "encoder": None,
            "geometry": None,
        }
        made.append(Made(config.model_copy(update=changes)))
    assert made[0].same(made[1])
    assert made[0].files("gather/*/*.parquet") == made[1].files("gather/*/*.parquet")


@pytest.mark.slow
def test_another_kind_of_processor_makes_the_same_bytes(tmp_path: Path, shared_data: Path) -> None:
    """Machine code for any 64-bit processor, without the vector instructions of this one, on real titles."""
    lines = (shared_data / "imagenet_captions/imagenet_captions_val_c250.csv").read_text(encoding="utf-8").split("\n")
    titles = [line.split("\t")[0] for line in lines[1:] if "\t" in line]
    write_table(tmp_path / "titles.parquet", pa.table({"caption": titles}))
    seen = Counter(word for title in titles for word in set(title.split()))
    words = sorted(word for word, count in seen.items() if count > 10)
    (tmp_path / "words.txt").write_text("\n".join(words), encoding="utf-8")
    plain = {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": "", "NUMBA_CACHE_DIR": str(tmp_path / "code")}
    for method, balancing in METHODS.items():
        made = []
        for place in ("here", "there"):
            values = {
                "output": str(tmp_path / place / method),
                "sources": [{"kind": "huggingface_parquet", "name": "titles", "path": str(tmp_path / "titles.parquet"),
                             "image_column": None, "rows_per_group": 3_000}],
                "metadata": {"sources": [{"kind": "text"}], "files": str(tmp_path / "words.txt")},
                "balancing": balancing,
            }  # fmt: skip
            file = tmp_path / f"{place}-{method}.yaml"
            file.write_text(yaml.safe_dump(values))
            config = load_config(file)
            if place == "here":
                run_here(config, "curate", lambda line: None)
            else:
                program = [sys.executable, "-m", "flows.command", "run", str(file), "--verb", "curate", "--no-server"]
                subprocess.run(program, env=os.environ | plain, check=True, capture_output=True)
            manifests = Store(config.runtime.store).manifests()
            made.append(sorted((each.stage, each.digest) for each in manifests if each.stage != "report"))
        assert made[0] == made[1], method
        assert len(made[0]) > 20

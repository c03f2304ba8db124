"""Trainings for TensorBoard: the numbers of the metrics table, under open_clip's names, written once."""

import struct
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest
from tensorboardX.proto.event_pb2 import Event

from flows.config.pipeline import PipelineConfig, load_config
from flows.engine.engine import Node
from flows.records.tensorboard import FOLDER, MOST_STEPS, write_trainings
from storage.record.manifest import FileRef, Manifest, Parent
from storage.store.store import Store
from storage.tables.shards import write_table


def events(folder: Path) -> list[Event]:
    """The events of a folder's files: each is its length, a checksum, its bytes and a checksum."""
    found = []
    for path in sorted(folder.glob("events.*")):
        content, place = path.read_bytes(), 0
        while place < len(content):
            (size,) = struct.unpack_from("<Q", content, place)
            found.append(Event.FromString(content[place + 12 : place + 12 + size]))
            place += 16 + size
    return found


def scalars(folder: Path) -> dict[str, dict[int, float]]:
    found: dict[str, dict[int, float]] = {}
    for event in events(folder):
        for value in event.summary.value:
            if value.HasField("simple_value"):
                found.setdefault(value.tag, {})[event.step] = value.simple_value
    return found


def run_of(config: PipelineConfig, steps: int, digest: str = "m") -> list[Node]:
    """A training of so many steps and its evaluation, as a run leaves them."""
    parents = (Parent(argument="pairs[0]", stage="gather", key="g", digest="data-digest"),)
    model = Manifest(stage="train", key="k", digest=digest, files=(FileRef(path="metrics.parquet", bytes=1, hash="x"),),
                     parents=parents, code="", created=datetime.now(UTC), seconds=2.0)  # fmt: skip
    read = (Parent(argument="model", stage="train", key="k", digest=digest),)
    score = Manifest(stage="evaluate", key="e", digest="s", files=(), parents=read, code="", created=datetime.now(UTC),
                     stats={"benchmark": "shape", "acc1": 0.5, "acc5": None, "value": 0.5, "images": 64})  # fmt: skip
    folder = Store(config.runtime.store).directory("train", "k")
    folder.mkdir(parents=True, exist_ok=True)
    number = list(range(1, steps + 1))
    write_table(folder / "metrics.parquet", pa.table({
        "step": pa.array(number, pa.int32()), "loss": [1 / each for each in number], "logit_scale": [14.0] * steps,
        "learning_rate": [0.5] * steps, "image_tree": pa.array([None] * steps, pa.float64()),
    }))  # fmt: skip
    return [Node("train balanced, seed 0", "train", "ran", model), Node("evaluate x", "evaluate", "ran", score)]


def test_metrics_and_scores_are_under_open_clips_names(small: Path) -> None:
    config = load_config(small)
    write_trainings(config, run_of(config, 3))
    folder = config.folder / FOLDER / "train-balanced-0"
    found = scalars(folder)
    assert found.keys() == {"train/loss", "train/scale", "train/lr", "val/shape-zeroshot-val-top1"}
    assert found["train/loss"] == pytest.approx({1: 1.0, 2: 0.5, 3: 1 / 3})
    assert found["val/shape-zeroshot-val-top1"] == {3: 0.5}
    assert any(b"data-digest" in event.SerializeToString() for event in events(folder))


def test_what_is_there_already_is_left_alone_and_a_new_training_replaces_it(small: Path) -> None:
    config = load_config(small)
    folder = config.folder / FOLDER / "train-balanced-0"
    names = []
    for digest in ("m", "m", "other"):
        write_trainings(config, run_of(config, 2, digest))
        names.append(
            (sorted((path.name, path.stat().st_mtime_ns) for path in folder.glob("events.*")), len(events(folder)))
        )
    assert names[0] == names[1] and names[2][0] != names[0][0] and names[2][1] == names[0][1]


def test_long_trainings_are_thinned_with_both_ends(small: Path) -> None:
    config = load_config(small)
    write_trainings(config, run_of(config, 3 * MOST_STEPS))
    loss = scalars(config.folder / FOLDER / "train-balanced-0")["train/loss"]
    assert len(loss) == MOST_STEPS and {1, 3 * MOST_STEPS} <= loss.keys()


def test_a_table_that_is_gone_is_a_warning(small: Path, caplog: pytest.LogCaptureFixture) -> None:
    config = load_config(small)
    nodes = run_of(config, 2)
    (Store(config.runtime.store).directory("train", "k") / "metrics.parquet").unlink()
    write_trainings(config, nodes)
    assert "train balanced, seed 0 is not shown in TensorBoard" in caplog.text

"""The benchmarks of this room run, at a size that takes no time; what they measure is no test's business."""

import json
from multiprocessing import Pipe

import open_clip
import pyarrow as pa
import pytest
import torch

from benchmarks import ingest, losses, training_clip, training_heads, training_stream, treg_share
from benchmarks.timing import rates
from storage.tables.shards import write_table
from tests.tasks.training.conftest import pairs_table

MODEL = "equipoise-benchmark-test"


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> str:
    folder = tmp_path_factory.mktemp("models")
    (folder / f"{MODEL}.json").write_text(json.dumps(training_clip.SMALL))
    open_clip.add_model_config(folder)
    return MODEL


def compared(ways: dict[str, rates.Way], **options: object) -> dict[str, float]:
    return rates.compare(ways, **{"steps": 2, "batch": 4, "rounds": 1, "device": "cpu", **options})


def test_losses(capsys):
    losses.from_features(16, 1, "cpu")
    losses.from_logits(16, 1, False, "cpu")
    losses.peak("ours", 64, 2, "cpu")
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("  ")[0] for line in lines[:4]] == ["B=16 features", "B=16 k=1", "B=16 k=2", "B=16 k=5"]
    assert "extra peak memory" in lines[4]


def test_heads():
    seconds = compared(training_heads.head_ways(64, 4, "cpu"), repeats={"ours": 2})
    assert list(seconds)[:2] == ["ours", "DataLoader loop, stored embeddings"]
    assert len(compared(training_heads.data_ways(64, 4))) == 2


def test_the_floor_holds_the_products_of_a_real_step():
    """As many multiplications as autograd makes for the heads and the logits, forward and backward."""
    from torch.utils.flop_counter import FlopCounterMode

    from tasks.training.models.heads import Heads

    heads, inputs = Heads(), torch.randn(4, 512)
    with FlopCounterMode(display=False) as real:
        image, text = heads.image_encoder(inputs), heads.text_encoder(inputs)
        (image @ text.T).sum().backward()
    with FlopCounterMode(display=False) as floor:
        training_heads.products(4, "cpu")(1)
    assert floor.get_total_flops() == real.get_total_flops()


def test_towers(model):
    seconds = compared(training_heads.towers_ways(model, 16, 4, "cpu"), steps=1)
    assert all(value != 0 for value in seconds.values())


@pytest.mark.usefixtures("model", "loggers_as_they_were")
def test_clip(model):
    seconds = compared(training_clip.clip_ways(model, 4, "cpu"), steps=1)
    assert list(seconds) == ["ours", "open_clip_train", "ours, pictures kept decoded"]


@pytest.mark.parametrize("form", training_stream.FORMS)
def test_stream(tmp_path, form):
    (tmp_path / "cifar10").mkdir()
    write_table(tmp_path / "cifar10" / "train.parquet", pairs_table(12).select(["image", "label"]))
    assert training_stream.write_curated(tmp_path, tmp_path, 40) > 40 * 100
    here, there = Pipe()
    orders = ("data", 2), ("train", 1)
    for order in (*orders, None):
        here.send(order)
    training_stream.serve(there, tmp_path, training_stream.FORMS[form], 4, 1)
    assert len(here.recv()) == 2
    for _ in orders:
        wall, processor, _ = here.recv()
        assert wall > 0 and processor > 0


def test_share_of_tregs(model):
    network = open_clip.create_model(model)
    before = network.logit_scale.item()
    for gamma in (0.0, 0.1):
        treg_share.training_step(network, 4, 32, "cpu", gamma)()
    assert network.logit_scale.item() != before


def test_ingest(tmp_path, capsys):
    sources = ingest.write_texts(pa.array(["a red circle", "a blue square"]), 20, tmp_path)
    for config in sources.values():
        ingest.ingested(config)
    assert ingest.read_by_webdataset(tmp_path / "captions.tar") == 20
    assert ingest.read_by_tarfile(tmp_path / "captions.tar") > 20 * len("a red circle")
    ingest.show(20, {"tar": 2.0}, 4_000_000)
    assert "10 rows/s      2.0 MB/s" in capsys.readouterr().out

"""Frozen features: rows with a picture and a label, by id, whatever the shards and batches they came in."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import torch

from storage.errors import InputError
from storage.tables.shards import write_table
from tasks.evaluation.probe.features import PictureEncoder, encode_labelled, load_encoder
from tasks.training.selfsupervised.networks import build_model, preparation, save_model
from tests.tasks.training.conftest import pairs_table
from tests.tasks.training.selfsupervised.examples import SMALL

MEANS = PictureEncoder(lambda pictures: pictures.mean(dim=(2, 3)), preparation(16), "cpu")
"""Each picture's three mean colours."""


def shards(folder: Path, table: pa.Table, *cuts: int) -> list[Path]:
    edges = [0, *cuts, len(table)]
    paths = [folder / f"pairs-{number:05d}.parquet" for number in range(len(edges) - 1)]
    for path, first, last in zip(paths, edges, edges[1:], strict=False):
        write_table(path, table.slice(first, last - first))
    return paths


def replaced(table: pa.Table, name: str, values: list[object]) -> pa.Table:
    place = table.column_names.index(name)
    return table.set_column(place, table.schema.field(name), pa.array(values, table.schema.field(name).type))


def test_rows_are_by_id_whatever_the_cuts(tmp_path: Path) -> None:
    table = pairs_table(23)
    (tmp_path / "cut").mkdir()
    whole = encode_labelled(shards(tmp_path, table), MEANS, batch=100)
    assert whole.ids.tolist() == sorted(table["id"].to_pylist())
    labels = dict(zip(table["id"].to_pylist(), table["label"].to_pylist(), strict=True))
    assert whole.labels.tolist() == [labels[identity] for identity in whole.ids.tolist()]
    cut = encode_labelled(shards(tmp_path / "cut", table, 1, 9, 10), MEANS, batch=4, workers=2)
    assert torch.equal(cut.features, whole.features) and torch.equal(cut.labels, whole.labels)
    assert np.array_equal(cut.ids, whole.ids)


def test_rows_without_a_picture_or_a_label_are_left_out(tmp_path: Path) -> None:
    table = pairs_table(6)
    table = replaced(table, "label", [0, None, -1, 3, 0, 1])
    images = table["image"].to_pylist()
    images[4] = None
    found = encode_labelled(shards(tmp_path, replaced(table, "image", images), 3), MEANS, batch=2)
    ids = table["id"].to_pylist()
    assert set(found.ids.tolist()) == {ids[0], ids[3], ids[5]}


def test_what_cannot_be_evaluated_is_said(tmp_path: Path) -> None:
    table = pairs_table(3)
    paths = shards(tmp_path, table)
    with pytest.raises(InputError, match="more than once"):
        encode_labelled(paths * 2, MEANS)
    none = shards(tmp_path, replaced(table, "label", [None] * 3))
    with pytest.raises(InputError, match="none of the test images has both"):
        encode_labelled(none, MEANS, what="test images")


def test_a_backbone_and_what_it_began_from(tmp_path: Path) -> None:
    model = build_model(SMALL, seed=3)
    pictures = torch.rand(4, 3, SMALL.side, SMALL.side)
    began = model.eval().backbone(pictures)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(1.5)
    save_model(tmp_path, model, SMALL, 3)
    torch.testing.assert_close(load_encoder(tmp_path, None).encode(pictures), model.backbone(pictures))
    torch.testing.assert_close(load_encoder(tmp_path, None, untrained=True).encode(pictures), began)


def test_folders_without_a_model(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="give a directory that a training stage wrote"):
        load_encoder(tmp_path, None)
    (tmp_path / "model.json").write_text(json.dumps({"kind": "clip"}))
    with pytest.raises(InputError, match="only those can be evaluated untrained"):
        load_encoder(tmp_path, None, untrained=True)

"""Embeddings as examples: from memory and from disk, from any step on, and what is wrong with them."""

from itertools import islice

import numpy as np
import pyarrow as pa
import pytest
import torch

from storage.errors import InputError
from storage.tables.shards import write_table
from tasks.training.data.batch import Batch
from tasks.training.data.embeddings import embedding_batches, read_embeddings
from tasks.training.data.selection import Selection
from tests.tasks.training.conftest import embeddings_table


def test_batches_are_asked_for_from_a_step(examples):
    first = [batch.ids.tolist() for batch in islice(embedding_batches(examples, batch=8, seed=0, start=0), 6)]
    later = [batch.ids.tolist() for batch in islice(embedding_batches(examples, batch=8, seed=0, start=4), 2)]
    assert first[4:] == later
    assert isinstance(next(embedding_batches(examples, batch=8, seed=0, start=0)), Batch)


def test_embeddings_from_memory_and_from_disk(tmp_path):
    table = embeddings_table(30)
    paths = [tmp_path / "embeddings-00000.parquet", tmp_path / "embeddings-00001.parquet"]
    write_table(paths[0], table.slice(0, 11))
    write_table(paths[1], table.slice(11))
    chosen = Selection.of(pa.table({"id": table["id"].to_numpy()[4:20], "multiplicity": np.arange(16)}))
    in_memory = read_embeddings(paths, chosen)
    on_disk = read_embeddings(paths, chosen, tmp_path / "scratch")
    assert isinstance(on_disk.image, np.memmap)
    assert np.array_equal(on_disk.same_picture, in_memory.same_picture)
    first = next(embedding_batches(in_memory, batch=8, seed=0, start=0))
    second = next(embedding_batches(on_disk, batch=8, seed=0, start=0))
    assert np.array_equal(first.ids, second.ids)
    assert torch.equal(first.images, second.images)
    vectors = {row["id"]: row["text"] for row in table.to_pylist()}
    assert torch.equal(first.texts, torch.tensor([vectors[identity] for identity in first.ids.tolist()]))


def test_what_is_wrong_with_embeddings_is_named(tmp_path):
    path = tmp_path / "embeddings-00000.parquet"
    write_table(path, embeddings_table(5).drop_columns(["text"]))
    with pytest.raises(InputError, match="no column 'text'"):
        read_embeddings([path], None)
    with pytest.raises(InputError, match="no embeddings to train on"):
        read_embeddings([], None)

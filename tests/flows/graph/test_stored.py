"""A curation looked up in the store."""

from pathlib import Path

import numpy as np
import pytest

from flows.commands.delivery.export import export
from flows.config.pipeline import load_config
from flows.graph.stored import stored_curation, stored_embeddings
from flows.run import run_here
from storage.errors import InputError
from storage.tables.shards import count_rows
from tests.flows.conftest import edit


def test_it_is_there_once_it_ran(small: Path) -> None:
    config = load_config(edit(small, encoder=None, geometry=None, training=None, evaluation=None,
                              curated={"validation": 0.2}))  # fmt: skip
    with pytest.raises(InputError, match=r"is not in .* stage runs have to be computed"):
        stored_curation(config)
    run_here(config, "curate", announce=lambda line: None)
    stored = stored_curation(config)
    assert [path.name for path in stored.shards()] == ["curated-00000.parquet"]
    assert [path.name for path in stored.shards("validation")] == ["validation-00000.parquet"]
    assert stored.origin == stored_curation(config).origin


def test_embeddings_are_those_of_the_encoder(small: Path) -> None:
    pixels = {"model": None, "settings": {"encoder": "pixels", "modality": "image"}}
    plain = edit(small, training=None, evaluation=None, encoder=pixels)
    config = load_config(plain)
    run_here(config, "curate", announce=lambda line: None)
    with pytest.raises(InputError, match=r"2 of 2 groups .* are not embedded"):
        stored_embeddings(config)
    run_here(config, "train", announce=lambda line: None)
    assert [each.stage for each in stored_embeddings(config)] == ["embed", "embed"]
    export(plain, plain.parent / "out", format="embeddings")
    vectors = [np.load(path) for path in sorted((plain.parent / "out" / "img_emb").iterdir())]
    assert sum(map(len, vectors)) == sum(count_rows(path) for path in stored_curation(config).shards())
    with pytest.raises(InputError, match="has no `encoder`"):
        stored_embeddings(load_config(edit(small, encoder=None, geometry=None)))

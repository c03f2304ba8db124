"""A curation looked up in the store."""

from pathlib import Path

import pytest

from flows.config.pipeline import load_config
from flows.graph.stored import stored_curation
from flows.run import run_here
from storage.errors import InputError
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

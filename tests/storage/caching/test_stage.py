"""A stage whose memory ran out ends with one sentence, with what to change; every other error stays what it is."""

from pathlib import Path

import pytest

from storage.caching.stage import stage
from storage.errors import EquipoiseError
from storage.store.store import Store
from storage.store.workspace import Runtime, Workspace


@stage("hungry", version=1, modules=(), less_memory="lower `batch`")
def hungry(size: int, *, work: Workspace) -> dict[str, int]:
    """Asks for that many numbers."""
    import numpy as np

    return {"bytes": np.empty(size).nbytes}


def test_memory_that_runs_out_is_one_sentence_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(EquipoiseError, match="not enough for the stage 'hungry': lower `batch`"):
        hungry.run(1 << 50, runtime=Runtime(store=tmp_path))
    assert not list(Store(tmp_path).manifests())
    assert hungry.run(8, runtime=Runtime(store=tmp_path)).stats == {"bytes": 64}


def test_a_fault_of_the_program_stays_one(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="negative"):
        hungry.run(-1, runtime=Runtime(store=tmp_path))

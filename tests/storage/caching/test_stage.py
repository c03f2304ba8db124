"""A stage whose memory ran out ends with one sentence, with what to change; every other error stays what it is."""

from pathlib import Path

import pytest

import storage.progress
from storage.caching.stage import stage
from storage.errors import EquipoiseError
from storage.progress import progress
from storage.store.store import Store
from storage.store.workspace import Runtime, Workspace


@stage("hungry", version=1, modules=(), less_memory="lower `batch`")
def hungry(size: int, *, work: Workspace) -> dict[str, int]:
    """Asks for that many numbers."""
    import numpy as np

    return {"bytes": np.empty(size).nbytes}


@stage("barred", version=1, modules=())
def barred(rows: int, *, work: Workspace) -> dict[str, int]:
    """Shows a bar."""
    with progress(rows, "reading", unit="row") as bar:
        bar.update(rows)
    (work.output / "rows.txt").write_text(str(rows))
    return {"rows": rows}


def test_what_only_says_where_a_stage_runs_enters_no_key() -> None:
    function = barred.function
    there = stage("barred", version=1, modules=(), on_device=True, less_memory="rest")(function)
    assert there.on_device and not barred.on_device
    assert there.parts(7) == barred.parts(7)
    assert stage("barred", version=2, modules=())(function).parts(7) != barred.parts(7)


def test_bars_of_a_stage_tell_who_follows_its_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage.progress, "EVERY", 0.0)
    told: list[tuple[int, int, str]] = []
    runtime = Runtime(store=tmp_path)
    barred.run(7, runtime=runtime, report=lambda done, total, line: told.append((done, total, line.split(",")[0])))
    assert told == [(7, 7, "reading")]
    barred.run(8, runtime=runtime)
    assert len(told) == 1


def test_memory_that_runs_out_is_one_sentence_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(EquipoiseError, match="not enough for the stage 'hungry': lower `batch`"):
        hungry.run(1 << 50, runtime=Runtime(store=tmp_path))
    assert not list(Store(tmp_path).manifests())
    assert hungry.run(8, runtime=Runtime(store=tmp_path)).stats == {"bytes": 64}


def test_a_fault_of_the_program_stays_one(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="negative"):
        hungry.run(-1, runtime=Runtime(store=tmp_path))


def test_memory_that_runs_out_while_an_output_is_published_is_the_same_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def publish(*_: object) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(Store, "publish", publish)
    with pytest.raises(EquipoiseError, match="the memory was not enough for the stage 'barred': use fewer `workers`"):
        barred.run(3, runtime=Runtime(store=tmp_path))

"""A stage over two ranks, really launched: the result of one process, its faults, and where it is started."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from storage.children import child_environment
from storage.errors import InputError
from storage.record.manifest import Manifest
from storage.store.publish import compute
from storage.store.workspace import Meeting, Runtime, Workspace
from tasks.training.config import HeadsConfig
from tasks.training.distributed.launch import RanksEndedError, is_first_rank, over_ranks, own_rank, own_scratch
from tasks.training.distributed.meeting import free_port
from tasks.training.task import train_heads
from tests.tasks.training.conftest import embeddings_table, publish

HEADS = HeadsConfig(steps=6, batch=16, hidden=16, outputs=8, logit_scale=20, checkpoint_every=2)


@pytest.fixture
def embeddings(runtime) -> Manifest:
    return publish(runtime, "embed", "vectors", {"embeddings-00000.parquet": embeddings_table(40)})


@pytest.mark.slow
def test_a_stage_over_two_ranks_gives_the_result_of_one(runtime, embeddings, tmp_path):
    alone = train_heads.run(HEADS, 3, [embeddings], None, runtime=runtime)
    other = runtime.model_copy(update={"store": tmp_path / "ranks", "ranks": 2})
    publish(other, "embed", "vectors", {"embeddings-00000.parquet": embeddings_table(40)})
    reports: list[tuple[int, int, str]] = []
    parts = train_heads.parts(HEADS, 3, [embeddings], None)
    arguments = {"config": HEADS, "seed": 3, "embeddings": [embeddings], "selection": None}
    together = compute(train_heads.function, parts, arguments, other, lambda *report: reports.append(report))
    assert together.key == alone.key
    assert together.stats["examples_seen"] == alone.stats["examples_seen"]
    states = [load_file(run.store / "train_heads" / alone.key / "model.safetensors") for run in (runtime, other)]
    for name, tensor in states[0].items():
        torch.testing.assert_close(states[1][name], tensor, atol=1e-5, rtol=1e-3, msg=name)
    assert reports[-1][:2] == (6, 6) and "loss" in reports[-1][2]


@pytest.mark.slow
def test_what_a_rank_raises_is_raised(runtime, embeddings):
    three = runtime.model_copy(update={"ranks": 3})
    with pytest.raises(InputError, match="a batch of 16 cannot be cut into 3 equal parts"):
        train_heads.run(HEADS, 0, [embeddings], None, runtime=three)
    assert not list((runtime.store / "train_heads").glob("*"))


@pytest.mark.slow
def test_a_file_in_the_working_folder_does_not_hide_the_project(runtime, embeddings, tmp_path, monkeypatch):
    for name in ("tasks", "storage", "flows"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('this is not the project')\n")
    monkeypatch.chdir(tmp_path)
    two = runtime.model_copy(update={"ranks": 2})
    assert train_heads.run(HEADS, 0, [embeddings], None, runtime=two).stats["steps"] == 6


def on_machine(machine: int, runtime: Runtime, port: int, embeddings: Manifest, folder: Path) -> dict[str, object]:
    """The stage on one of two machines, which are both this one; its figures."""
    output = folder / f"machine-{machine}"
    output.mkdir()
    meeting = Meeting(host="127.0.0.1", port=port, machine=machine)
    two = runtime.model_copy(update={"ranks": 2, "machines": 2, "meeting": meeting})
    work = Workspace("train_heads", "a-key", output, two)
    return dict(train_heads.function(HEADS, 3, [embeddings], None, work=work))


@pytest.mark.slow
def test_two_machines_end_in_the_bytes_of_two_ranks_on_one(runtime, embeddings, tmp_path):
    one = runtime.model_copy(update={"ranks": 2})
    together = train_heads.run(HEADS, 3, [embeddings], None, runtime=one)
    port = free_port()
    with ThreadPoolExecutor(2) as pool:
        figures = list(pool.map(lambda each: on_machine(each, runtime, port, embeddings, tmp_path), range(2)))
    assert figures[0]["examples_seen"] == together.stats["examples_seen"]
    assert figures[1] == {} and not list((tmp_path / "machine-1").iterdir())
    for name in (file.path for file in together.files):
        if name != "metrics.parquet":  # how fast it was is in it
            one_has = (runtime.store / "train_heads" / together.key / name).read_bytes()
            assert (tmp_path / "machine-0" / name).read_bytes() == one_has, name


@pytest.mark.slow
def test_a_machine_whose_first_does_not_come_says_so(runtime, embeddings, tmp_path, monkeypatch):
    monkeypatch.setattr("tasks.training.distributed.meeting._PATIENCE", 3)
    with pytest.raises(RanksEndedError, match=r"machine 2 of 2, did not find the others at 127\.0"):
        on_machine(1, runtime, free_port(), embeddings, tmp_path)


NO_MEMORY = """
import torch
from storage.caching.stage import stage
from tasks.training.distributed.launch import over_ranks

@stage("hungry", version=1, modules=(), less_memory="lower `batch`")
@over_ranks
def hungry(size: int, *, work):
    torch.empty(size, dtype=torch.uint8)
    return {"size": size}
"""


@pytest.mark.slow
def test_a_rank_without_memory_says_what_to_change(runtime, tmp_path):
    (tmp_path / "hungry_stage.py").write_text(NO_MEMORY)
    code = (
        "from hungry_stage import hungry; from storage.store.workspace import Runtime; from pathlib import Path\n"
        "try:\n    hungry.run(1 << 60, runtime=Runtime(store=Path('store'), ranks=2))\n"
        "except Exception as error:\n    print(type(error).__name__, error)"
    )
    settings = child_environment(PYTHONPATH=str(tmp_path) + ":" + child_environment()["PYTHONPATH"])
    done = subprocess.run([sys.executable, "-c", code], env=settings, cwd=tmp_path, capture_output=True, text=True)
    assert "EquipoiseError the memory was not enough for the stage 'hungry': lower `batch`" in done.stdout, done


def test_a_rank_knows_its_number_and_keeps_to_its_own_scratch(runtime, tmp_path, monkeypatch):
    work = Workspace("train", "key", tmp_path, runtime)
    monkeypatch.delenv("RANK", raising=False)
    assert own_rank() is None and own_scratch(work) == work.scratch
    monkeypatch.setenv("RANK", "0")
    assert own_rank() == 0 and own_scratch(work) == work.scratch  # the first one's checkpoints are the stage's
    assert is_first_rank()
    monkeypatch.setenv("RANK", "2")
    assert not is_first_rank()
    assert own_rank() == 2 and own_scratch(work) == work.scratch / "rank-2"


def test_one_rank_and_a_rank_itself_run_the_function_here(runtime, tmp_path, monkeypatch):
    run = over_ranks(lambda number, *, work: {"number": number})
    monkeypatch.delenv("RANK", raising=False)
    assert run(3, work=Workspace("s", "k", tmp_path, runtime)) == {"number": 3}
    monkeypatch.setenv("RANK", "1")
    two = runtime.model_copy(update={"ranks": 2})
    assert run(number=4, work=Workspace("s", "k", tmp_path, two)) == {"number": 4}

"""Checkpoints: whole or not at all, back to the same bits; and a training killed for real, resumed from them."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from torch import nn

from tasks.training.config import OptimiserConfig
from tasks.training.loop.checkpoint import NAME, load_checkpoint, restore, save_checkpoint
from tasks.training.loop.optimiser import build_optimiser
from tests.paths import ROOT
from tests.tasks.training.conftest import pairs_table, publish

HISTORY = torch.arange(6, dtype=torch.float64).reshape(2, 3)


def trained(name: str, steps: int = 3) -> tuple[nn.Module, torch.optim.Optimizer]:
    """A module with a matrix, a convolution in channels-last order and a buffer, some steps into its training."""
    torch.manual_seed(0)
    module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(4, 2))
    module = module.to(memory_format=torch.channels_last)
    optimiser = build_optimiser(module, OptimiserConfig(name=name))
    for _ in range(steps):
        step(module, optimiser)
    return module, optimiser


def step(module: nn.Module, optimiser: torch.optim.Optimizer) -> None:
    optimiser.zero_grad()
    module(torch.ones(2, 3, 3, 3) + torch.arange(2)[:, None, None, None]).square().sum().backward()
    optimiser.step()


@pytest.mark.parametrize("name", ("adamw", "adam", "lars"))
def test_what_is_restored_goes_on_to_the_same_bits(tmp_path, name):
    module, optimiser = trained(name)
    save_checkpoint(tmp_path / "new", 3, module, optimiser, HISTORY)
    checkpoint = load_checkpoint(tmp_path / "new")
    assert checkpoint.step == 3 and torch.equal(checkpoint.history, HISTORY)
    other, its = trained(name, steps=1)
    restore(checkpoint, other, its)
    for _ in range(2):
        step(module, optimiser)
        step(other, its)
    for key, tensor in module.state_dict().items():
        assert torch.equal(other.state_dict()[key], tensor), key


def test_moments_lie_in_memory_as_their_parameters_do(tmp_path):
    module, optimiser = trained("adamw")
    save_checkpoint(tmp_path, 3, module, optimiser, HISTORY)
    restore(load_checkpoint(tmp_path), module, optimiser)
    kernel = module[0].weight
    assert optimiser.state[kernel]["exp_avg"].stride() == kernel.stride()


def test_a_kill_while_writing_leaves_the_old_one(tmp_path, monkeypatch):
    module, optimiser = trained("adamw")
    save_checkpoint(tmp_path, 1, module, optimiser, HISTORY)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", killed)
    with pytest.raises(KeyboardInterrupt):
        save_checkpoint(tmp_path, 2, module, optimiser, HISTORY)
    assert load_checkpoint(tmp_path).step == 1


def test_nothing_and_half_a_file_are_no_checkpoint(tmp_path):
    assert load_checkpoint(tmp_path) is None
    module, optimiser = trained("adamw")
    save_checkpoint(tmp_path, 1, module, optimiser, HISTORY)
    whole = (tmp_path / NAME).read_bytes()
    (tmp_path / NAME).write_bytes(whole[: len(whole) // 2])
    assert load_checkpoint(tmp_path) is None


PROGRAM = """
import sys
from pathlib import Path
from storage.store.store import Store
from storage.store.workspace import Runtime
from tasks.training.config import TrainingConfig
from tasks.training.data import pairs as data
from tasks.training.task import train
data.DECODED_LIMIT = int(sys.argv[2])
runtime = Runtime(store=Path(sys.argv[1]))
pairs = next(Store(runtime.store).manifests("ingest"))
manifest = train.run(TrainingConfig(steps=60, batch=16, checkpoint_every=5), 0, [pairs], None, runtime=runtime)
print("DIGEST", manifest.digest, manifest.stats["resumed_at"])
"""


def start(store: Path, limit: int) -> subprocess.Popen:
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(store), str(limit)],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )


def finish(process: subprocess.Popen) -> tuple[str, int]:
    output, _ = process.communicate(timeout=300)
    assert process.returncode == 0
    _, digest, resumed = next(line for line in output.splitlines() if line.startswith("DIGEST")).split()
    return digest, int(resumed)


def kill_once_there_are_checkpoints(process: subprocess.Popen, store: Path, count: int) -> None:
    """Kill -9 after `count` checkpoints were written, at whatever instant of the steps that follow."""
    seen: set[int] = set()
    deadline = time.monotonic() + 240
    while time.monotonic() < deadline and process.poll() is None:
        for path in store.glob(".scratch/*/checkpoint.safetensors"):
            seen.add(path.stat().st_mtime_ns)
        if len(seen) >= count:
            process.send_signal(signal.SIGKILL)
            process.wait()
            return
        time.sleep(0.005)
    raise AssertionError("the training ended before it could be killed")


@pytest.mark.slow
@pytest.mark.parametrize("limit", (1 << 30, 0))
def test_killed_at_three_points(runtime, tmp_path, limit):
    """With the pictures in memory, and read as they are needed."""
    publish(runtime, "ingest", "squares", {"pairs-00000.parquet": pairs_table(48)})
    whole, _ = finish(start(runtime.store, limit))
    other = runtime.model_copy(update={"store": tmp_path / "killed"})
    publish(other, "ingest", "squares", {"pairs-00000.parquet": pairs_table(48)})
    for checkpoints in (1, 3, 4):
        kill_once_there_are_checkpoints(start(other.store, limit), other.store, checkpoints)
        assert not list(other.store.glob("train/*"))
    digest, resumed = finish(start(other.store, limit))
    assert resumed >= 15
    assert digest == whole

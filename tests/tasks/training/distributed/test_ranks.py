"""Two ranks, and four (gloo), give the value and gradient of one process: every loss, every regulariser, the loop."""

import os
import subprocess
import sys

import pytest
import torch

from tasks.training.distributed.ranks import Ranks
from tasks.training.losses import potentials
from tasks.training.losses.exp_matrix import LogKernel
from tests.paths import ROOT
from tests.tasks.training import ranks_program


def environment(**extra: str) -> dict[str, str]:
    return {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT), **extra}


@pytest.fixture(scope="module", params=(2, pytest.param(4, marks=pytest.mark.slow)))
def ranks(request, tmp_path_factory) -> tuple[int, dict[str, torch.Tensor]]:
    """How many there are, and what they give together."""
    size, folder = request.param, tmp_path_factory.mktemp("ranks")
    program = [sys.executable, "-m", "tests.tasks.training.ranks_program"]
    places = [str(folder / "meet"), str(folder / "out.pt")]
    processes = [
        subprocess.Popen([*program, str(rank), str(size), *places], cwd=ROOT, env=environment()) for rank in range(size)
    ]
    assert [process.wait(timeout=120) for process in processes] == [0] * size
    return size, torch.load(folder / "out.pt", weights_only=True)


def test_ranks_are_one_process(ranks):
    alone = ranks_program.gradients(slice(0, 24))
    for case in (*ranks_program.CASES, *ranks_program.REGULARISERS, *ranks_program.VIEWS):
        torch.testing.assert_close(
            ranks[1][case], alone[case], atol=1e-9, rtol=1e-9, msg=lambda words, case=case: f"{case}: {words}"
        )


def test_each_ranks_own_tree_is_the_mean_of_the_parts(ranks):
    size, together = ranks
    name, part = "tregs of each rank's own", 24 // size
    parts = [ranks_program.gradients(slice(first, first + part))[name] for first in range(0, 24, part)]
    torch.testing.assert_close(together[name], torch.stack(parts).mean(dim=0))


def test_ranks_start_at_one_step_or_not_at_all(ranks):
    assert ranks[1]["one start"].tolist() == [1, 0]


PROGRAM = """
import os, sys, torch
from pathlib import Path
from tasks.embedding.models.clip import Architecture, build_clip
from tasks.training.recipes.clip import train_clip
from tasks.training.config import *
from tasks.training.data.images import Preparation
from tasks.training.data.pairs import read_pairs
from tasks.training.data.selection import Drawing
config = TrainingConfig(steps=3, batch=12, accumulate=int(sys.argv[3]),
    architecture=Architecture(name="equipoise-tiny-vit"), loss=LossConfig(half_steps=2),
    regulariser=RegulariserConfig(gamma=0.1, lambda_=0.1),
    optimiser=OptimiserConfig(epsilon=1e-3), schedule=ScheduleConfig(warmup=0))
clip = build_clip(config.architecture, seed=0)
pairs = read_pairs([Path(sys.argv[1])], Drawing(), preparation=Preparation.of(clip.transform), tokenizer=clip.tokenizer,
    decoded_limit=int(sys.argv[4]))
fitted = train_clip(clip, pairs, config, seed=0)
if os.environ.get("RANK", "0") == "0":
    losses = torch.tensor(fitted.metrics["loss"].to_pylist())
    torch.save({"state": clip.model.state_dict(), "loss": losses}, sys.argv[2])
"""


@pytest.mark.slow
@pytest.mark.parametrize(("accumulate", "decoded_limit"), ((1, 1 << 30), (2, 1 << 30), (1, 0)))
def test_training_by_torchrun_is_training_in_one_process(squares, tmp_path, accumulate, decoded_limit):
    (tmp_path / "program.py").write_text(PROGRAM)
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    results = []
    for start in ([sys.executable], launcher):
        output = tmp_path / f"{len(results)}.pt"
        arguments = [str(tmp_path / "program.py"), str(squares[1]), str(output), str(accumulate), str(decoded_limit)]
        subprocess.run([*start, *arguments], cwd=ROOT, env=environment(), check=True, timeout=300)
        results.append(torch.load(output, weights_only=True))
    torch.testing.assert_close(results[1]["loss"], results[0]["loss"], atol=1e-5, rtol=1e-5)
    for name, tensor in results[0]["state"].items():
        torch.testing.assert_close(results[1]["state"][name], tensor, atol=5e-5, rtol=1e-3, msg=name)


def test_the_case_beyond_the_scaling_kernel_is_that():
    image, text, encoder, scale = ranks_program.inputs()
    features = [torch.nn.functional.normalize(branch @ encoder, dim=1) for branch in (image, text)]
    kernel, _ = potentials._solve(400 * scale.exp() * features[0] @ features[1].T, 3, Ranks())
    assert isinstance(kernel, LogKernel)

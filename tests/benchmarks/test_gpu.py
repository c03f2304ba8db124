"""The accelerator's benchmark runs to its end on a processor, without the libraries that a GPU box lacks."""

import json
import subprocess
import sys

import numpy as np
import pytest

from benchmarks.gpu_parts import peers
from benchmarks.gpu_parts.rows import Row, Setting, checked, relative
from tasks.geometry.neighbours.knn import knn
from tests.paths import ROOT

MISSING = ("prefect", "polars", "pydantic", "open_clip", "faiss", "typer", "sklearn", "xxhash")
"""And rich, which Lightning imports wherever the installed packages' metadata name it, as they do here."""

PROGRAM = f"""
import sys
sys.modules.update(dict.fromkeys({MISSING!r}))  # None there: every import of it fails, as if it were not installed
from benchmarks.gpu import main
sys.exit(main(sys.argv[1:]))
"""


def run(*arguments: str, timeout: float = 600) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", PROGRAM, "--tiny", "--device", "cpu", "--workers", "2", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=timeout)


@pytest.mark.slow
def test_every_part_passes_and_prints_its_rows(tmp_path) -> None:
    done = run("--minutes", "30", "--to", str(tmp_path / "gpu.json"))
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    rows = json.loads((tmp_path / "gpu.json").read_text())["rows"]
    parts = dict.fromkeys(row["part"] for row in rows)
    assert list(parts) == ["correctness", "loss", "tregs", "embedding", "training", "neighbours"]
    correctness = [row for row in rows if row["part"] == "correctness"]
    assert len(correctness) > 35
    assert all(row["verdict"] == "met" for row in correctness)
    goals = [row for row in rows if row["goal"] and row["part"] != "correctness"]
    assert {row["verdict"] for row in goals} <= {"met", "not measured: no accelerator"}
    assert all(row["what"] in done.stdout for row in rows)


def test_science_imports_where_those_libraries_are_missing() -> None:
    modules = "benchmarks.gpu, tasks.training.data.embeddings, tasks.geometry.tree.mst"
    program = f"import sys; sys.modules.update(dict.fromkeys({(*MISSING, 'rich')!r})); import {modules}"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr


def test_a_number_that_is_none_never_passes() -> None:
    assert checked("part", "what", 1e-5, 1e-4).verdict == "met"
    assert checked("part", "what", 1e-3, 1e-4).failed
    assert checked("part", "what", float("nan"), 1e-4).failed


def test_an_error_is_relative_to_the_largest_and_keeps_what_is_not_a_number() -> None:
    import torch

    right = [torch.tensor([1.0, 10.0]), torch.tensor([2.0])]
    assert relative([torch.tensor([1.0, 11.0]), torch.tensor([2.0])], right) == pytest.approx(0.1)
    for broken in (torch.tensor([torch.nan, 10.0]), torch.tensor([torch.inf, 10.0])):
        assert checked("part", "what", relative([broken, torch.tensor([2.0])], right), 0.5).failed


def test_goals_of_speed_are_an_accelerators_alone(tmp_path) -> None:
    processor = Setting("cpu", False, tmp_path, 0.0)
    assert processor.judged(True) == "not measured: no accelerator"
    card = Setting("cuda", False, tmp_path, 0.0)
    assert (card.judged(True), card.judged(False)) == ("met", "missed")
    assert Setting("cuda", True, tmp_path, 0.0).judged(False) == "not measured: tiny"


def test_what_does_not_fit_or_fails_is_a_row(tmp_path, monkeypatch) -> None:
    from benchmarks import gpu

    late = list(gpu.attempted("loss", Setting("cpu", True, tmp_path, 0.0)))
    assert [row.verdict for row in late] == ["not measured: out of time"]

    def broken(setting: Setting):
        yield Row("loss", "first", 1.0, "ms")
        raise RuntimeError("no such\nkernel")

    monkeypatch.setitem(gpu.PARTS, "loss", broken)
    first, fault = gpu.attempted("loss", Setting("cpu", True, tmp_path, 1e18))
    assert first.what == "first"
    assert (fault.what, fault.verdict, fault.unit) == ("RuntimeError: no such kernel", "missed", "failure")


def test_a_peer_answers_as_ours_does_and_its_fault_is_a_row(tmp_path) -> None:
    points = np.random.default_rng(0).standard_normal((300, 8), np.float32)
    setting = Setting("cpu", True, tmp_path, deadline=float("inf"))
    ((name, graph),) = peers.graphs(setting)
    assert name == "faiss on the processor" and not list(peers.losses(setting))
    ours = knn(points, 4, backend="torch").positions
    assert (np.asarray(graph(points, 5))[:, 1:] == ours).all()
    broken = peers.attempted("part", "a peer", lambda: 1 / 0, "s")
    assert broken.value is None and broken.verdict.startswith("not measured: ZeroDivisionError")

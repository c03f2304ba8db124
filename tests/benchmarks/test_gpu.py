"""The accelerator's benchmark runs to its end on a processor, without the libraries that a GPU box lacks."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pytest
import torch

from benchmarks.gpu_parts import evidence, open_clip_training, peers
from benchmarks.gpu_parts.apart import EndedError, LimitError, apart
from benchmarks.gpu_parts.evidence import CELLS, Cell
from benchmarks.gpu_parts.longtail import read_longtail, small_longtail
from benchmarks.gpu_parts.rows import OutOfTimeError, Row, Setting, checked, guarded, relative
from tasks.geometry.neighbours.knn import knn
from tests.paths import ROOT

MISSING = ("prefect", "polars", "pydantic", "open_clip", "open_clip_train", "webdataset", "faiss", "typer", "sklearn")
"""And rich, which Lightning imports wherever the installed packages' metadata name it, as they do here."""

PARTS = ["correctness", "loss", "tregs", "embedding", "training", "open_clip", "neighbours", "evidence"]

FOREVER = 1e18


def program(missing: tuple[str, ...]) -> str:
    """None in the place of a module: every import of it fails, as if it were not installed."""
    return f"""
import sys
sys.modules.update(dict.fromkeys({missing!r}))
from benchmarks.gpu import main
sys.exit(main(sys.argv[1:]))
"""


def run(*arguments: str, missing: tuple[str, ...] = MISSING, timeout: float = 600) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", program(missing), "--tiny", "--device", "cpu", "--workers", "2", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=timeout)


@pytest.mark.slow
def test_every_part_passes_and_prints_its_rows(tmp_path) -> None:
    done = run("--minutes", "30", "--to", str(tmp_path / "gpu.json"), missing=(*MISSING, "xxhash"))
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    rows = json.loads((tmp_path / "gpu.json").read_text())["rows"]
    assert list(dict.fromkeys(row["part"] for row in rows)) == PARTS
    correctness = [row for row in rows if row["part"] == "correctness" and row["unit"] == "error"]
    assert len(correctness) > 60
    assert all(row["verdict"] == "met" for row in correctness)
    assert [row["what"] for row in rows if row["verdict"].endswith(("not installed", "not there"))] == [
        "needs the wheels of open_clip_torch, webdataset<=0.2.86",
        "needs xxhash, of which every draw is made",
    ]
    goals = [row for row in rows if row["goal"] and row["part"] != "correctness"]
    assert {row["verdict"] for row in goals} <= {"met", "not measured: no accelerator"}
    assert sum(row["what"].startswith("this part; ") for row in rows) == len(PARTS)
    assert all(row["what"] in done.stdout for row in rows)


@pytest.mark.slow
def test_open_clips_program_is_run_and_timed(tmp_path) -> None:
    """For real, in a process of its own, on the same pictures."""
    setting = Setting("cpu", True, tmp_path, FOREVER, workers=2)
    rows = list(open_clip_training.measure(setting))
    assert not any(row.failed for row in rows), rows
    found = {row.what.rpartition(": ")[2].removeprefix("tiny: "): row.value for row in rows}
    assert found["ours"] > 0 and found["open_clip_train"] > 0
    assert found["ours ÷ open_clip_train"] == pytest.approx(found["ours"] / found["open_clip_train"])


@pytest.mark.slow
def test_evidence_is_a_balanced_table() -> None:
    done = run("--only", "evidence")
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    for seed in (0, 1):
        assert all(f"seed {seed}: {cell}" in done.stdout for cell in CELLS)
    assert "balanced, k=2, with T-REGS − random" in done.stdout


def test_science_imports_where_those_libraries_are_missing() -> None:
    modules = "benchmarks.gpu, tasks.training.data.embeddings, tasks.geometry.tree.mst"
    missing = (*MISSING, "xxhash", "rich")
    untouched = "import torch; torch.cuda.is_available = torch.cuda.device_count = None"  # else no fork could use it
    line = f"import sys; {untouched}; sys.modules.update(dict.fromkeys({missing!r})); import {modules}"
    done = subprocess.run([sys.executable, "-c", line], cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr


def test_a_number_that_is_none_never_passes() -> None:
    assert checked("part", "what", 1e-5, 1e-4).verdict == "met"
    assert checked("part", "what", 1e-3, 1e-4).failed
    assert checked("part", "what", float("nan"), 1e-4).failed


def test_an_error_is_relative_to_the_largest_and_keeps_what_is_not_a_number() -> None:
    right = [torch.tensor([1.0, 10.0]), torch.tensor([2.0])]
    assert relative([torch.tensor([1.0, 11.0]), torch.tensor([2.0])], right) == pytest.approx(0.1)
    for broken in (torch.tensor([torch.nan, 10.0]), torch.tensor([torch.inf, 10.0])):
        assert checked("part", "what", relative([broken, torch.tensor([2.0])], right), 0.5).failed


def test_goals_of_speed_are_an_accelerators_alone(tmp_path) -> None:
    processor = Setting("cpu", False, tmp_path, 0.0)
    assert processor.judged(True) == "not measured: no accelerator"
    card = replace(processor, device="cuda")
    assert (card.judged(True), card.judged(False)) == ("met", "missed")
    assert replace(card, tiny=True).judged(False) == "not measured: tiny"


def test_a_fault_is_a_row_and_small_memory_is_none(capsys) -> None:
    def broken(error: Exception):
        yield Row("loss", "first", 1.0, "ms")
        raise error

    first, fault = guarded("loss", "B=8", broken(RuntimeError("no such\nkernel")))
    assert first.what == "first" and "no such" in capsys.readouterr().err
    assert (fault.what, fault.verdict, fault.unit) == ("B=8: RuntimeError: no such kernel", "missed", "failure")
    _, full = guarded("loss", "B=8", broken(torch.OutOfMemoryError("CUDA out of memory")))
    assert (full.verdict, full.failed) == ("not measured: out of memory", False)
    with pytest.raises(OutOfTimeError):
        list(guarded("loss", "B=8", broken(OutOfTimeError())))


def test_a_process_apart_gives_its_items_as_they_come_and_is_ended_at_its_limit() -> None:
    soon = time.monotonic() + 60
    assert list(apart(lambda: range(3), until=soon)) == [0, 1, 2]

    def hanging():
        child = subprocess.Popen(["sleep", "1000"])
        yield os.getpid()
        yield child.pid
        time.sleep(1000)

    items = apart(hanging, until=time.monotonic() + 4)
    pids = [next(items), next(items)]
    with pytest.raises(LimitError):
        next(items)
    for pid in pids:  # the fork and what it started
        for _ in range(100):
            if not alive(pid):
                break
            time.sleep(0.05)
        assert not alive(pid)

    def killed():
        yield 1
        os.kill(os.getpid(), signal.SIGKILL)

    items = apart(killed, until=soon)
    assert next(items) == 1
    with pytest.raises(EndedError, match="-9"):
        next(items)


def alive(pid: int) -> bool:
    """Whether there is such a process, and it is more than its entry in the table."""
    try:
        return open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_what_does_not_fit_fails_or_ends_costs_the_other_parts_nothing(tmp_path, monkeypatch) -> None:
    from benchmarks import gpu

    def dies(setting: Setting):
        yield Row("loss", "first", 1.0, "ms")
        os.kill(os.getpid(), signal.SIGKILL)

    def hangs(setting: Setting):
        yield Row("tregs", "first", 1.0, "ms")
        time.sleep(1000)

    def slow(setting: Setting):
        yield Row("embedding", "first", 1.0, "ms")
        raise OutOfTimeError

    parts = {"loss": dies, "tregs": hangs, "correctness": hangs, "embedding": slow}
    monkeypatch.setattr(gpu, "PARTS", {name: gpu.Part(measure, 1) for name, measure in parts.items()})
    monkeypatch.setattr(gpu, "GRACE", 0.2)
    end = time.monotonic() + 3
    rows = list(gpu.measured(list(parts), lambda deadline: Setting("cpu", True, tmp_path, deadline), end))
    assert time.monotonic() < end + 60  # and not the thousand seconds that they would have slept
    told = {row.part: (row.verdict, row.unit) for row in rows if row.verdict}
    assert told == {
        "loss": ("missed", "failure"),
        "tregs": ("not measured: out of time", ""),
        "correctness": ("missed", "failure"),
        "embedding": ("not measured: out of time", ""),
    }
    assert sum(row.what.startswith("this part; ") for row in rows) == len(parts)
    (late,) = gpu.attempted("embedding", Setting("cpu", True, tmp_path, 0.0))
    assert late.verdict == "not measured: out of time"


def test_a_peer_answers_as_ours_does_and_its_fault_is_a_row(tmp_path) -> None:
    points = np.random.default_rng(0).standard_normal((300, 8), np.float32)
    setting = Setting("cpu", True, tmp_path, deadline=float("inf"))
    ((name, graph),) = peers.graphs(setting)
    assert name == "faiss on the processor" and not list(peers.losses(setting))
    ours = knn(points, 4, backend="torch").positions
    assert (np.asarray(graph(points, 5))[:, 1:] == ours).all()
    broken = peers.attempted("part", "a peer", lambda: 1 / 0, "s")
    assert broken.value is None and broken.verdict.startswith("not measured: ZeroDivisionError")


def test_the_training_sets_of_the_evidence_are_the_pipelines(shared_data) -> None:
    """A balanced set has as many rows, of which more are rare; the random one has its effective sample size."""
    data = read_longtail(shared_data)
    sizes = {name: int(copies.sum()) for name, copies in data.copies.items()}
    assert sizes["original"] == len(data.pixels) == 12_408 and abs(sizes["balanced"] - 12_408) < 100
    balanced, random = data.copies["balanced"], data.copies["random"]
    assert sizes["random"] == round(balanced.sum() ** 2 / (balanced**2).sum()) and random.max() == 1
    rare = np.array(["frog" in caption for caption in data.captions.to_pylist()])
    assert balanced[rare].mean() > 3
    assert data.pixels.shape == (12_408, 3, 32, 32) and data.test.shape == (10_000, 3, 32, 32)
    assert data.tokens(["a photo of a deer", ""])[0, -1] > 1 and not data.tokens([""]).any()


def test_the_evidences_table_has_means_and_paired_differences() -> None:
    """By hand: with T-REGS names one picture more rightly than without, for every seed."""
    data = small_longtail()
    rows = len(data.test)
    assert len(CELLS) == 18
    answers = []
    for seed in range(3):
        scored = {}
        for number, cell in enumerate(CELLS):
            correct = np.random.default_rng([seed, number - cell.regularised]).random(rows) < 0.5
            correct[0] = cell.regularised
            scored[cell] = correct
        answers.append(scored)
    table = {row.what: row for row in evidence.table(answers, data, "met")}
    assert table["seeds that are complete"].value == 3
    mean = np.mean([[s[CELLS[3]][data.label == c].mean() for c in range(3)] for s in answers])
    assert table[str(CELLS[3])].value == pytest.approx(100 * mean)
    difference = table["balanced, k=1, with T-REGS − without"]
    assert difference.value == pytest.approx(100 / 3 / 10) and difference.goal.endswith("(Holm)")
    alone = {row.what: row for row in evidence.table(answers[:1], data, "missed")}
    assert alone["balanced, k=1, with T-REGS − without"].goal.endswith("over images alone")
    pairs = list(evidence.compared())
    assert len(pairs) == 33
    for _, ours, theirs in pairs:
        assert sum(getattr(ours, name) != getattr(theirs, name) for name in Cell.__dataclass_fields__) == 1
    assert [row.value for row in evidence.table([], data, "missed")] == [0]

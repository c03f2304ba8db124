"""What a run says: starts, ends and how many, one line for what came from the cache, and how far a training is."""

import time

import pytest

from flows.narration import Narration, duration
from storage.errors import InputError


def test_starts_and_ends_are_told_and_counted() -> None:
    lines: list[str] = []
    narration = Narration(lines.append, 12)
    narration.ended("a", "cached")
    narration.ended("b", "cached")
    narration.started("c")
    narration.ended("c", "ran")
    assert [line.split(" in ")[0] for line in lines] == [
        "[ 2 of 12] 2 stage runs from the cache", "           c: starts", "[ 3 of 12] c: done"
    ]  # fmt: skip


def test_a_failure_and_what_it_blocks_are_told() -> None:
    lines: list[str] = []
    narration = Narration(lines.append, 3)
    narration.started("a")
    narration.ended("a", "failed", InputError("no such file"))
    narration.ended("b", "blocked")
    narration.ended("c", "blocked")
    assert lines[1].startswith("[1 of 3] a: failed in ") and lines[1].endswith(": no such file")
    assert lines[2:] == ["[3 of 3] 2 stage runs not started: they need what failed, or was refused"]


def test_all_from_the_cache_is_one_line() -> None:
    lines: list[str] = []
    narration = Narration(lines.append, 3)
    for label in "abc":
        narration.ended(label, "cached")
    assert lines == ["[3 of 3] 3 stage runs from the cache"]


def test_progress_is_told_now_and_then_with_the_time_left(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    lines: list[str] = []
    report = Narration(lines.append, 1).report("train")
    for done in range(1, 41):  # a step a second
        now = float(done)
        report(done, 40, f"loss {done}")
    assert [line.strip() for line in lines] == [
        "train: 10 of 40, loss 10, 30 s left", "train: 20 of 40, loss 20, 20 s left",
        "train: 30 of 40, loss 30, 10 s left",
    ]  # fmt: skip


def test_the_time_left_is_of_the_part_that_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    lines: list[str] = []
    report = Narration(lines.append, 1).report("encode")
    for done, total, seconds in ((0, 9000, 0), (8000, 9000, 8), (10, 100, 9), (20, 100, 19)):
        now = float(seconds)
        report(done, total, "rows")
    assert [line.strip() for line in lines] == ["encode: 20 of 100, rows, 80 s left"]


@pytest.mark.parametrize(("seconds", "words"), [(0.0123, "0.012 s"), (42, "42 s"), (600, "10 min"), (7200, "2.0 h")])
def test_durations(seconds: float, words: str) -> None:
    assert duration(seconds) == words

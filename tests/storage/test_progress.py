"""Progress: a bar at a terminal, nothing in a log, reports to a follower, and the items untouched in any case."""

import io
import sys
import time

import pytest

import storage.progress
from storage.progress import followed, progress


class Terminal(io.StringIO):
    """A standard error that is a terminal."""

    def isatty(self) -> bool:
        return True


def test_items_pass_through_and_a_log_stays_clean(capsys: pytest.CaptureFixture[str]) -> None:
    assert list(progress(iter("abc"), "reading")) == ["a", "b", "c"]
    with progress(5, "steps") as bar:
        bar.update(5)
    assert capsys.readouterr() == ("", "")


def test_a_terminal_sees_what_is_done_and_of_how_much(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with progress(8, "steps", unit="step", initial=2) as bar:
        bar.update(4)
        bar.refresh()
        assert (bar.n, bar.total) == (6, 8)
    assert "steps" in terminal.getvalue() and "6/8" in terminal.getvalue()


@pytest.mark.parametrize("terminal", [True, False])
def test_a_follower_is_told_with_a_terminal_or_without(terminal: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", Terminal() if terminal else io.StringIO())
    monkeypatch.setattr(storage.progress, "EVERY", 0.0)
    told: list[tuple[int, int, str]] = []
    with followed(lambda done, total, line: told.append((done, total, line.split(",")[0]))):
        with progress(8, "steps", initial=2) as bar:
            bar.update(4)
            bar.update(2)
        assert list(progress([3, 4], "items")) == [3, 4]
        assert list(progress(iter("abc"), "of unknown number")) == ["a", "b", "c"]
        with progress(8, "told otherwise", told=False) as bar:
            bar.update(8)
    with progress(8, "followed by nobody") as bar:
        bar.update(8)
    assert told == [(6, 8, "steps"), (8, 8, "steps"), (1, 2, "items"), (2, 2, "items")]


def test_a_follower_is_told_now_and_then_with_the_speed(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    told: list[tuple[int, int, str]] = []
    with followed(lambda done, total, line: told.append((done, total, line))):
        with progress(3, "soon over") as bar:
            bar.update(3)
        with progress(5000, "hash images", unit="row") as bar:
            for _ in range(5):
                now += 0.5
                bar.update(1000)
    assert told == [(4000, 5000, "hash images, 2,000 row/s"), (5000, 5000, "hash images, 2,000 row/s")]


def test_a_length_that_raises_is_none_and_a_slow_rate_is_no_zero() -> None:
    class Loader(list[int]):
        """Sized by its class, as torch's loader is, over something that is not."""

        def __len__(self) -> int:
            raise TypeError("what it loads has no length")

    with followed(lambda done, total, line: None):
        assert list(progress(iter(Loader([1, 2])), "loading")) == [1, 2]
        assert progress(Loader([1, 2]), "loading").total is None
    assert [storage.progress._rate(value) for value in (0.04, 0.5, 9.87, 12.3, 1234.0)] == [
        "0.04", "0.5", "9.9", "12", "1,234"
    ]  # fmt: skip

"""Progress: a bar at a terminal, nothing in a log, and the items untouched either way."""

import io
import sys

import pytest

from storage.progress import progress


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

"""What a worker tells: read while it is added, whole lines alone, and nothing left behind."""

import logging
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from flows.workers import told
from flows.workers.told import heard, place, telling
from storage.store.collect import find_garbage, remove
from storage.store.store import Store

KEY = "a" * 32


class Ear:
    """Keeps reports, and says when there are so many."""

    def __init__(self) -> None:
        self.heard: list[tuple[int, int, str]] = []
        self._more = threading.Condition()

    def __call__(self, done: int, total: int, line: str) -> None:
        with self._more:
            self.heard.append((done, total, line))
            self._more.notify_all()

    def wait(self, count: int) -> None:
        with self._more:
            assert self._more.wait_for(lambda: len(self.heard) >= count, timeout=60)


@pytest.fixture
def store(tmp_path: Path) -> Path:
    Store(tmp_path).folder(".tmp")
    return tmp_path


def test_a_report_is_heard_before_the_work_is_over(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(told, "LOOKS", 0.01)
    ear = Ear()
    with heard(store, KEY, ear), telling(store, KEY) as report:
        report(1, 9, "one")
        ear.wait(1)
        time.sleep(0.02)
        report(2, 9, "two \udcff")  # a name that is no UTF-8
        report(9, 9, "nine")
    assert ear.heard == [(1, 9, "one"), (2, 9, "two \udcff"), (9, 9, "nine")]
    assert not list((store / ".tmp").iterdir())


def test_what_is_repeated_or_soon_after_is_not_written_but_for_the_end(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 0.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    ear = Ear()
    with heard(store, KEY, ear), telling(store, KEY) as report:
        for done in (1, 2, 3, 3, 4, 9, 9):
            report(done, 9, "")
            now += 0.4
    assert ear.heard == [(1, 9, ""), (3, 9, ""), (9, 9, "")]


def test_a_line_that_was_cut_is_passed_over_and_so_is_what_an_earlier_run_left(store: Path) -> None:
    ear = Ear()
    place(store, KEY).write_text('{"done": 7, "total": 9, "line": "of before"}\n')
    with heard(store, KEY, ear):
        with place(store, KEY).open("ab") as file:
            file.write(b'{"done": 1, "total": 9, "line": "one"}\n["else"]\n{"done": "x"}\n{"logger": "root", ')
        with telling(store, KEY) as report:  # the next worker: its first line is lost with the cut one
            report(2, 9, "two")
            report(9, 9, "nine")
    assert ear.heard == [(1, 9, "one"), (9, 9, "nine")]


def test_a_log_comes_with_its_names_levels_and_tracebacks_and_others_stay(
    store: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "equipoise")
    level = logging.getLogger("equipoise").level
    with telling(store, KEY):
        logging.getLogger("equipoise.match").warning("%d rows %%", 3)
        logging.getLogger("someone").warning("of a library")
        try:
            raise ValueError("the cause")
        except ValueError:
            logging.getLogger("equipoise").exception("a fault")
    written = place(store, KEY).read_bytes()
    caplog.clear()
    with heard(store, KEY, Ear()), telling(store, KEY):
        place(store, KEY).write_bytes(written)  # as from another process: not told again by this one
    seen = [(each.name, each.levelno, each.getMessage()) for each in caplog.records]
    assert seen[0] == ("equipoise.match", logging.WARNING, "3 rows %")
    assert seen[1][:2] == ("equipoise", logging.ERROR) and "ValueError: the cause" in seen[1][2]
    assert len(seen) == 2 and logging.getLogger("equipoise").level == level


def test_where_nothing_can_be_written_the_work_goes_on(tmp_path: Path) -> None:
    with telling(tmp_path / "missing", KEY) as report:
        report(1, 2, "lost")
    assert not (tmp_path / "missing").exists()


def test_what_a_kill_leaves_is_collected(store: Path) -> None:
    place(store, KEY).write_text("left")
    now = datetime.now(UTC)
    assert not find_garbage(Store(store), [], now=now).items
    with Store(store).lock(KEY):
        assert not find_garbage(Store(store), [], now=now + timedelta(hours=2)).items
    remove(Store(store), find_garbage(Store(store), [], now=now + timedelta(hours=2)))
    assert not list((store / ".tmp").iterdir())

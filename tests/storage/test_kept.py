"""What a process keeps from one stage run to the next."""

import pytest

from storage import kept as module
from storage.kept import keep, kept


@pytest.fixture(autouse=True)
def keeps_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_keeps", False)
    monkeypatch.setattr(module, "_KEPT", [])


def test_nothing_is_kept_unless_asked_for() -> None:
    made = []
    for _ in range(2):
        kept("model", lambda: made.append(1))
    assert len(made) == 2 and not module._KEPT


def test_the_last_value_is_kept_by_what_it_depends_on() -> None:
    keep()
    assert kept(("model", "cpu"), lambda: 1) == 1
    assert kept(("model", "cpu"), lambda: 2) == 1  # kept: not made again
    assert kept(("model", "cuda"), lambda: 3) == 3
    assert kept(("model", "cpu"), lambda: 4) == 4  # one alone is kept


def test_the_one_before_is_let_go_before_another_is_made() -> None:
    keep()
    kept("first", lambda: object())
    seen: list[int] = []
    kept("second", lambda: seen.append(len(module._KEPT)))
    assert seen == [0]


def test_what_could_not_be_made_is_not_kept() -> None:
    keep()
    with pytest.raises(ZeroDivisionError):
        kept("model", lambda: 1 / 0)
    assert kept("model", lambda: 5) == 5

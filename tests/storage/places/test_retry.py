"""What is tried again, how often, and what is said in the end."""

from collections.abc import Iterator

import pytest

from storage.errors import InputError
from storage.places import retry
from storage.places.retry import may_pass, retried


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "PAUSES", [0.0, 0.0])


def failing(*errors: Exception) -> Iterator[Exception | str]:
    yield from errors
    yield "content"


def call(answers: Iterator[Exception | str]) -> str:
    answer = next(answers)
    if isinstance(answer, Exception):
        raise answer
    return answer


def test_two_failures_are_overcome_and_three_are_told() -> None:
    lost = ConnectionResetError("lost")
    answers = failing(lost, lost)
    assert retried(lambda: call(answers), "a.tar") == "content"
    answers = failing(lost, lost, lost)
    with pytest.raises(InputError, match=r"^a.tar cannot be read \(ConnectionResetError: lost\), tried 3 times"):
        retried(lambda: call(answers), "a.tar")


class StatusError(Exception):
    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


@pytest.mark.parametrize(
    "error", [TimeoutError(), OSError("short"), StatusError(503), StatusError(429), StatusError(408)]
)
def test_what_may_pass(error: Exception) -> None:
    assert may_pass(error)


@pytest.mark.parametrize(
    "error",
    [
        FileNotFoundError(),
        PermissionError(),
        StatusError(404),
        StatusError(403),
        ValueError(),
        KeyError(),
        InputError(""),
    ],
)
def test_what_stays_is_raised_at_once(error: Exception) -> None:
    answers = failing(error)
    with pytest.raises(type(error)):
        retried(lambda: call(answers), "a.tar")

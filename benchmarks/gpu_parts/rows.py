"""What every part is given, and what it gives back: rows of one table."""

import statistics
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import torch

NO_ACCELERATOR = "not measured: no accelerator"


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Attributes:
        part: whose it is.
        what: what was measured, with its sizes.
        value: in `unit`; None where it was not measured.
        unit: of the value.
        goal: what it should be, in words; empty where there is none.
        verdict: "met", "missed", or why there is none; empty where there is no goal.
    """

    part: str
    what: str
    value: float | None
    unit: str
    goal: str = ""
    verdict: str = ""

    @property
    def failed(self) -> bool:
        """Whether a goal was missed."""
        return self.verdict == "missed"


class OutOfTimeError(Exception):
    """The budget is used up; what is left is not measured."""


@dataclass(frozen=True)
class Setting:
    """Where and how large.

    Attributes:
        device: "cpu" or "cuda".
        tiny: sizes at which every part ends within seconds on a processor; its goals say nothing.
        folder: for files that a part needs.
        deadline: by `time.monotonic`.
        workers: threads that decode.
        rounds: calls that a median is of.
        data: a folder of real data, where there is one.
    """

    device: str
    tiny: bool
    folder: Path
    deadline: float
    workers: int = 1
    rounds: int = 5
    data: Path | None = None

    @property
    def accelerated(self) -> bool:
        """Whether times are an accelerator's."""
        return self.device != "cpu"

    def check_time(self) -> None:
        """Raise `OutOfTimeError` where the budget is used up."""
        if time.monotonic() > self.deadline:
            raise OutOfTimeError

    def judged(self, met: bool) -> str:
        """A goal of speed, which only an accelerator at full size can meet or miss. A NaN meets nothing."""
        if not self.accelerated:
            return NO_ACCELERATOR
        return "not measured: tiny" if self.tiny else "met" if met else "missed"

    def wait(self) -> None:
        """Until the device has done all that was asked of it."""
        if self.accelerated:
            torch.cuda.synchronize()

    def seconds(self, call: Callable[[], object], *, rounds: int | None = None) -> float:
        """The median time of a call, after two that are not counted."""
        self.check_time()
        taken = []
        for number in range((rounds or self.rounds) + 2):
            self.wait()
            began = time.perf_counter()
            call()
            self.wait()
            if number > 1:
                taken.append(time.perf_counter() - began)
            if taken and sum(taken) > 5:
                break
        return statistics.median(taken)

    def peak(self, call: Callable[[], object]) -> float | None:
        """Bytes that a call needs on the device beside what is there; on a processor it is made, too, for None."""
        if not self.accelerated:
            call()
            return None
        self.wait()
        before = torch.cuda.memory_allocated()
        torch.cuda.reset_peak_memory_stats()
        call()
        self.wait()
        return torch.cuda.max_memory_allocated() - before


def guarded(part: str, what: str, rows: Iterable[Row]) -> Iterator[Row]:
    """The rows; where they break off, a row that says why. A card's memory that is too small is no fault of the code.

    Args:
        part: whose they are.
        what: what they measure, in words.
        rows: of one size or one model; what comes after them is not lost.
    """
    try:
        yield from rows
    except OutOfTimeError:
        raise
    except torch.OutOfMemoryError:
        torch.cuda.empty_cache()
        yield Row(part, what, None, "", "", "not measured: out of memory")
    except Exception as error:
        traceback.print_exc()
        yield Row(part, f"{what}: {in_words(error)}", None, "failure", "runs", "missed")


def in_words(error: Exception) -> str:
    """An error on one line."""
    return f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"


def checked(part: str, what: str, error: float, tolerance: float) -> Row:
    """A row of correctness: met on every device where the error is a number and small enough."""
    return Row(part, what, error, "error", f"<= {tolerance:g}", "met" if error <= tolerance else "missed")


def relative(found: Iterable[torch.Tensor], right: Iterable[torch.Tensor]) -> float:
    """The largest error of any tensor, over the largest magnitude in it; NaN where anything is not a number."""
    errors = []
    for ours, truth in zip(found, right, strict=True):
        truth = truth.double().cpu()
        errors.append((ours.detach().double().cpu() - truth).abs().max() / truth.abs().max().clamp(min=1e-12))
    return torch.stack(errors).max().item()  # torch's maximum keeps a NaN

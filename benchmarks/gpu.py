"""What an accelerator gives: every device path checked against float64, then timed against the best known.

    python -m benchmarks.gpu [--only loss] [--minutes 8] [--data ../shared/data] [--to gpu.json]
    python -m benchmarks.gpu --tiny --device cpu        the program itself, tried in a minute

It needs torch, timm, lightning, numba, scipy, pyarrow and Pillow, and of this project neither Prefect, pydantic nor
open_clip. Parts run in the order of their worth, each in a process of its own, for its share of the minutes; what
did not fit is said. Exit status 1: a goal of correctness was missed, or a part failed.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import NamedTuple

import torch

from benchmarks.gpu_parts import (
    correctness,
    embedding,
    evidence,
    loss,
    neighbours,
    open_clip_training,
    training,
    tregs,
)
from benchmarks.gpu_parts.apart import EndedError, LimitError, apart
from benchmarks.gpu_parts.rows import OutOfTimeError, Row, Setting, guarded, in_words
from storage.atomic import write_whole

GRACE = 20.0
"""Seconds that a measurement may go on beyond its part's share before the part is ended."""


class Part(NamedTuple):
    """Its rows, and its share of the time: seconds of eight minutes, as they were estimated."""

    measure: Callable[[Setting], Iterator[Row]]
    share: int


PARTS = {
    "correctness": Part(correctness.measure, 40),
    "loss": Part(loss.measure, 45),
    "tregs": Part(tregs.measure, 35),
    "embedding": Part(embedding.measure, 35),
    "training": Part(training.measure, 45),
    "open_clip": Part(open_clip_training.measure, 75),
    "neighbours": Part(neighbours.measure, 150),
    "evidence": Part(evidence.measure, 55),
}


def main(arguments: list[str] | None = None) -> int:
    """Run the parts, print each row as it is measured, then the goals."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=tuple(PARTS), default=list(PARTS), metavar="NAME")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    parser.add_argument("--tiny", action="store_true", help="sizes that end within seconds; goals of speed say nothing")
    parser.add_argument("--minutes", type=float, default=8.0, help="for all parts together")
    parser.add_argument("--workers", type=int, default=len(os.sched_getaffinity(0)), help="threads that decode")
    parser.add_argument("--data", type=Path, help="a folder with cifar10_longtail and cifar10, for the part evidence")
    parser.add_argument("--to", type=Path, metavar="FILE", help="write everything as JSON, too")
    given = parser.parse_args(arguments)
    began, rows = time.monotonic(), []
    try:
        (machine,) = apart(lambda: [describe(given.device)], until=began + 120)
    except (LimitError, EndedError) as error:
        print(f"the device cannot be asked for its name: {error or 'no answer in 120 s'}")
        return 1
    print(*(f"{name}: {value}" for name, value in machine.items()), sep="\n", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        everywhere = partial(
            Setting, machine["device"], given.tiny, Path(folder), workers=max(1, given.workers), data=given.data
        )
        end = began + 60 * given.minutes
        for row in measured(list(dict.fromkeys(given.only)), everywhere, end):
            rows.append(row)
            print(line(row), flush=True)
            if given.to is not None:  # row by row, so that a run that is cut off leaves what it has
                content = {"machine": machine, "rows": [asdict(each) for each in rows]}
                write_whole(given.to, json.dumps(content))
    print_goals(rows)
    print(f"{time.monotonic() - began:.0f} s in all")
    return int(any(row.failed and (row.part == "correctness" or row.unit == "failure") for row in rows))


def measured(names: list[str], everywhere: Callable[..., Setting], end: float) -> Iterator[Row]:
    """All parts' rows, and how long each part took. A part's share of what time is left grows with what others leave.

    Args:
        names: of the parts, in their order.
        everywhere: makes a setting of a deadline.
        end: of all parts, by `time.monotonic`.
    """
    for place, name in enumerate(names):
        began = time.monotonic()
        share = PARTS[name].share / sum(PARTS[each].share for each in names[place:])
        deadline = began + share * max(0.0, end - began)
        yield from attempted(name, everywhere(deadline=deadline))
        yield Row(name, f"this part; its share was {deadline - began:.0f} s", time.monotonic() - began, "s")


def attempted(name: str, setting: Setting) -> Iterator[Row]:
    """A part's rows; what did not fit, or failed, is a row too."""
    rest = "the rest of this part"
    late = Row(name, rest, None, "", "", "not measured: out of time")

    def rows() -> Iterator[Row]:
        try:
            setting.check_time()
            yield from guarded(name, rest, PARTS[name].measure(setting))
        except OutOfTimeError:
            yield late

    try:
        yield from apart(rows, until=setting.deadline + GRACE)
    except LimitError:
        if name == "correctness":  # slow is no fault, but what is right must have been looked at
            yield Row(name, f"{rest}: no answer in time", None, "failure", "runs", "missed")
        else:
            yield late
    except EndedError as error:
        yield Row(name, in_words(error), None, "failure", "runs", "missed")


def describe(asked: str) -> dict[str, str]:
    """The card, its clocks, and what computes on it. It touches the device."""
    device = asked if asked != "auto" else "cuda" if torch.cuda.is_available() else "cpu"
    facts = {"torch": torch.__version__, "python": sys.version.split()[0], "device": device}
    if device == "cpu":
        return facts | {"threads": str(torch.get_num_threads())}
    facts |= {"card": torch.cuda.get_device_name(), "cuda": str(torch.version.cuda)}
    clocks = "clocks.sm,clocks.max.sm,clocks.mem,power.limit,driver_version"
    try:
        command = ["nvidia-smi", f"--query-gpu={clocks}", "--format=csv,noheader"]
        said = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True).stdout
        facts[clocks] = said.strip().splitlines()[0]
    except (OSError, subprocess.SubprocessError, IndexError):
        facts["clocks"] = "unknown"
    return facts


def line(row: Row) -> str:
    """One row of the table."""
    value = "-" if row.value is None else f"{row.value:,.4g}"
    return f"{row.part:12} {row.what:82} {value:>12} {row.unit:10} {row.goal:24} {row.verdict}".rstrip()


def print_goals(rows: list[Row]) -> None:
    """How many goals were met, which were missed, and what was not measured."""
    judged = [row for row in rows if row.verdict]
    print(f"\ngoals: {sum(row.verdict == 'met' for row in judged)} met, {sum(row.failed for row in judged)} missed")
    for row in judged:
        if row.verdict != "met":
            print(f"  {row.verdict}: {row.part}, {row.what}")


if __name__ == "__main__":
    sys.exit(main())

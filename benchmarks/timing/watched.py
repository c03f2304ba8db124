"""A program run in a process of its own and watched from outside: how long it takes, how much memory it holds."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

EVERY = 0.02
"""Seconds between two looks; with children, whose shared pages must be told apart, ten times that."""


@dataclass(frozen=True)
class Watched:
    """What was seen of one process.

    Attributes:
        seconds: from start to end, imports included.
        peak: the most memory resident, MB: of one process as the kernel keeps it (VmHWM); with children the largest
            sum seen, in which a page that several hold is shared out among them (Pss).
        samples: time (seconds since the epoch), resident MB, and processor seconds of the process so far.
        output: the last line that it printed.
        processor: user and system seconds of the process and its children, which a busy machine stretches less.
    """

    seconds: float
    peak: float
    samples: tuple[tuple[float, float, float], ...]
    output: str
    processor: float

    def peak_between(self, start: float, end: float) -> float:
        """The most seen between two times; 0 where nobody looked."""
        return max((size for moment, size, _ in self.samples if start - EVERY <= moment <= end + EVERY), default=0.0)


def watch(module: str, arguments: Sequence[str], environment: Mapping[str, str]) -> Watched:
    """Run `python -m module …` and watch it. Linux only.

    Raises:
        RuntimeError: it failed; what it said is in the message.
    """
    samples, peak, started, used = [], 0.0, time.perf_counter(), _children_seconds()
    program = [sys.executable, "-m", module, *arguments]
    with subprocess.Popen(
        program, env=dict(environment), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as child:
        while child.poll() is None:
            below = _children(child.pid)
            if below:
                size = sum(_field(f"/proc/{pid}/smaps_rollup", "Pss:") for pid in (child.pid, *below))
                peak = max(peak, size)
            else:
                size = _field(f"/proc/{child.pid}/status", "VmRSS:")
                peak = max(peak, _field(f"/proc/{child.pid}/status", "VmHWM:"))
            samples.append((time.time(), size, _processor_seconds(child.pid)))
            time.sleep(EVERY * 10 if below else EVERY)
        seconds = time.perf_counter() - started
        said = child.stdout.read() if child.stdout else ""
    if child.returncode:
        raise RuntimeError(f"{' '.join(program)} failed with {child.returncode}:\n{said[-4000:]}")
    return Watched(seconds, peak, tuple(samples), (said.strip().splitlines() or [""])[-1], _children_seconds() - used)


def _children_seconds() -> float:
    """User and system time of all children that have ended, and of theirs."""
    found = resource.getrusage(resource.RUSAGE_CHILDREN)
    return found.ru_utime + found.ru_stime


def _children(pid: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []


def _field(file: str, name: str) -> float:
    """One figure of /proc in MB; 0 where the process has just ended."""
    try:
        lines = Path(file).read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith(name)), 0.0)


def _processor_seconds(pid: int) -> float:
    """User and system time of one process so far; 0 where it has just ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

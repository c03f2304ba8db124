"""What an accelerator gives: every device path checked against float64, then timed against the best known.

    python -m benchmarks.gpu [--only loss] [--minutes 8] [--to gpu.json]
    python -m benchmarks.gpu --tiny --device cpu        the program itself, tried in a minute

It needs torch, timm, lightning, numba, scipy, pyarrow and Pillow, and of this project neither Prefect, pydantic nor
open_clip. Parts run in the order of their worth until the minutes are used up; what did not fit is said.
Exit status 1: a goal of correctness was missed, or a part failed.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

import torch

from benchmarks.gpu_parts import correctness, embedding, loss, neighbours, training, tregs
from benchmarks.gpu_parts.rows import OutOfTimeError, Row, Setting

PARTS: dict[str, Callable[[Setting], Iterator[Row]]] = {
    "correctness": correctness.measure,
    "loss": loss.measure,
    "tregs": tregs.measure,
    "embedding": embedding.measure,
    "training": training.measure,
    "neighbours": neighbours.measure,
}


def main(arguments: list[str] | None = None) -> int:
    """Run the parts, print each row as it is measured, then the goals."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=tuple(PARTS), default=list(PARTS), metavar="NAME")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    parser.add_argument("--tiny", action="store_true", help="sizes that end within seconds; goals of speed say nothing")
    parser.add_argument("--minutes", type=float, default=8.0, help="no measurement is begun after so many")
    parser.add_argument("--workers", type=int, default=len(os.sched_getaffinity(0)), help="threads that decode")
    parser.add_argument("--to", type=Path, metavar="FILE", help="write everything as JSON, too")
    given = parser.parse_args(arguments)
    device = given.device if given.device != "auto" else "cuda" if torch.cuda.is_available() else "cpu"
    machine = describe(device)
    print(*(f"{name}: {value}" for name, value in machine.items()), sep="\n", flush=True)
    began, rows = time.monotonic(), []
    with tempfile.TemporaryDirectory() as folder:
        setting = Setting(device, given.tiny, Path(folder), began + 60 * given.minutes, max(1, given.workers))
        for name in given.only:
            for row in attempted(name, setting):
                rows.append(row)
                print(line(row), flush=True)
                if given.to is not None:  # row by row, so that a run that is cut off leaves what it has
                    given.to.write_text(json.dumps({"machine": machine, "rows": [asdict(each) for each in rows]}))
    print_goals(rows)
    print(f"{time.monotonic() - began:.0f} s in all")
    return int(any(row.failed and (row.part == "correctness" or row.unit == "failure") for row in rows))


def attempted(name: str, setting: Setting) -> Iterator[Row]:
    """A part's rows; what did not fit, or failed, is a row too."""
    try:
        setting.check_time()
        yield from PARTS[name](setting)
    except OutOfTimeError:
        yield Row(name, "the rest of this part", None, "", "", "not measured: out of time")
    except Exception as error:  # one part's fault does not cost the others
        traceback.print_exc()
        words = f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
        yield Row(name, words, None, "failure", "runs", "missed")
    if setting.accelerated:
        torch.cuda.empty_cache()


def describe(device: str) -> dict[str, str]:
    """The card, its clocks, and what computes on it."""
    facts = {"torch": torch.__version__, "python": sys.version.split()[0], "device": device}
    if device == "cpu":
        return facts | {"threads": str(torch.get_num_threads())}
    facts |= {"card": torch.cuda.get_device_name(), "cuda": str(torch.version.cuda)}
    asked = "clocks.sm,clocks.max.sm,clocks.mem,power.limit,driver_version"
    try:
        command = ["nvidia-smi", f"--query-gpu={asked}", "--format=csv,noheader"]
        said = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True).stdout
        facts[asked] = said.strip().splitlines()[0]
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

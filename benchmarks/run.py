"""`make bench`: run the benchmarks, keep what they print as JSON, say which claims hold and what has changed since.

    python -m benchmarks.run                        # all, one after the other: hours on an idle machine
    python -m benchmarks.run raking losses          # these
    python -m benchmarks.run raking --options "--sizes 1e5x500" --note "on a busy machine"

Each leaves `benchmarks/results/NAME.json`: its command, its lines, the ratios of its claims, the machine. Ratios
that moved by more than a tenth against the file of before are printed. `docs/benchmarks.md` is made of these files.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shlex
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from benchmarks import page
from benchmarks.claims import BENCHMARKS, Benchmark

RESULTS = Path(__file__).parent / "results"
MOVED = 0.1
PACKAGES = ("numpy", "scipy", "numba", "torch", "polars", "pyarrow", "faiss-cpu")


def machine() -> dict[str, Any]:
    """What the numbers were measured on, and how busy it was: the load before the run, by processors."""
    names = [line.partition(":")[2].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
             if line.startswith("model name")]  # fmt: skip
    return {
        "processor": names[0] if names else platform.machine(),
        "processors": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
        "python": platform.python_version(),
        "packages": {name: version(name) for name in PACKAGES},
    }


def commit() -> str:
    """The commit that is measured, with a + where files differ from it; empty outside a checkout."""
    try:
        ask = ["git", "-C", str(RESULTS.parent), "describe", "--always", "--dirty=+", "--exclude=*"]
        return subprocess.run(ask, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def measure(benchmark: Benchmark, arguments: list[str], note: str) -> dict[str, Any]:
    """Run one; what it prints goes on to the terminal line by line.

    Raises:
        RuntimeError: it failed.
    """
    begun, on, lines = time.perf_counter(), machine(), list[str]()
    module = f"benchmarks.{benchmark.module}"
    with subprocess.Popen([sys.executable, "-m", module, *arguments], stdout=subprocess.PIPE, text=True) as child:
        for line in child.stdout or ():
            sys.stdout.write(line)
            lines.append(line.rstrip())
    if child.returncode:
        raise RuntimeError(f"{module} failed with {child.returncode}")
    output = "\n".join(lines)
    return {
        "command": shlex.join(["python", "-m", module, *arguments]),
        "note": note,
        "commit": commit(),
        "seconds": round(time.perf_counter() - begun, 1),
        "machine": on,
        "ratios": {claim.says: claim.ratios(output) for claim in benchmark.claims},
        "lines": lines,
    }


def moved(before: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """Ratios that differ by more than a tenth between two results, a line each."""
    told = []
    for says, ratios in now["ratios"].items():
        earlier = before["ratios"].get(says, [])
        for place, (old, new) in enumerate(zip(earlier, ratios)):
            if abs(new - old) > MOVED * abs(old):
                told.append(f"{says}, line {place + 1}: {old:g} → {new:g}")
    return told


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(BENCHMARKS)}; none: all")
    parser.add_argument("--options", help="in place of the benchmark's own arguments, in one string")
    parser.add_argument("--note", default="", help="what a reader of the numbers should know")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder of the JSON files")
    given = parser.parse_args()
    unknown = [name for name in given.names if name not in BENCHMARKS]
    if unknown:
        parser.error(f"there is no benchmark {unknown[0]}; there are {', '.join(BENCHMARKS)}")
    failed = []
    for name in given.names or BENCHMARKS:
        benchmark = BENCHMARKS[name]
        print(f"\n== {name}: {benchmark.about}", flush=True)
        if benchmark.gpu and given.options is None and not torch.cuda.is_available():
            print("   left out: it needs a GPU")
            continue
        try:
            options = benchmark.arguments if given.options is None else shlex.split(given.options)
            found = measure(benchmark, list(options), given.note)
        except RuntimeError as error:  # the others are measured all the same
            failed.append(str(error))
            continue
        file = given.results / f"{name}.json"
        for line in moved(json.loads(file.read_text()), found) if file.exists() else ():
            print(f"   moved: {line}")
        for claim in benchmark.claims:
            verdict = {True: "holds", False: "DOES NOT HOLD", None: "not measured"}[
                claim.holds(found["ratios"][claim.says])
            ]
            print(f"   {verdict}: {claim.says} ({claim.bound} of {claim.peer}): {found['ratios'][claim.says]}")
        given.results.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    if given.results == RESULTS:
        page.PAGE.write_text(page.render(page.results(RESULTS)), encoding="utf-8")
    if failed:
        sys.exit("; ".join(failed))


if __name__ == "__main__":
    main()

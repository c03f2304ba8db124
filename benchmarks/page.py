"""`docs/benchmarks.md`, made of the registry of claims and the results that are kept beside it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from benchmarks.claims import BENCHMARKS, Benchmark, Claim

PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"
HEAD = """# Benchmarks

Every claim of speed, with the peer that it is made against. `make bench` runs all of them and makes this page anew
(`make bench BENCH="raking losses"`: these). Results are kept in `benchmarks/results`, so that a later run says what has
moved. Contenders run interleaved and ratios are taken within a round; a ratio below 1.5 is a tie on a machine that
others use. A number is of the machine that is named beside it, and of no other.

| benchmark | claim | peer | asked | measured | holds |
|---|---|---|---|---|---|
"""
VERDICTS = {True: "yes", False: "**no**", None: "–"}


def results(folder: Path) -> dict[str, dict[str, Any]]:
    """What is kept, by the benchmark's name."""
    return {file.stem: json.loads(file.read_text(encoding="utf-8")) for file in sorted(folder.glob("*.json"))}


def render(kept: Mapping[str, Mapping[str, Any]]) -> str:
    """The page: a table of claims, then every benchmark with what it printed."""
    rows = [_row(name, claim, kept.get(name)) for name, benchmark in BENCHMARKS.items() for claim in benchmark.claims]
    parts = [part for name, benchmark in BENCHMARKS.items() for part in _section(name, benchmark, kept.get(name))]
    missed = [line for name, benchmark in BENCHMARKS.items() for line in _missed(name, benchmark, kept.get(name))]
    reasons = f"Why a claim does not hold:\n\n{chr(10).join(missed)}\n\n" if missed else ""
    return HEAD + "\n".join(rows) + "\n\n" + reasons + "\n\n".join(parts) + "\n"


def _missed(name: str, benchmark: Benchmark, found: Mapping[str, Any] | None) -> Iterator[str]:
    """A line for every claim that was measured and does not hold."""
    for claim in benchmark.claims if found else ():
        if claim.holds(claim.ratios("\n".join(found["lines"]))) is False:  # type: ignore[index]
            yield f"- [{name}](#{name}), {claim.says}: {claim.why or 'not known'}."


def _row(name: str, claim: Claim, found: Mapping[str, Any] | None) -> str:
    ratios = claim.ratios("\n".join(found["lines"])) if found else []
    measured = ", ".join(f"{each:g}" for each in ratios) or "not yet"
    cells = (f"[{name}](#{name})", claim.says, claim.peer, claim.bound, measured, VERDICTS[claim.holds(ratios)])
    return f"| {' | '.join(cells)} |"


def _section(name: str, benchmark: Benchmark, found: Mapping[str, Any] | None) -> Iterator[str]:
    yield f"## {name}"
    yield f"{benchmark.about[0].upper()}{benchmark.about[1:]}."
    if found is None:
        command = " ".join(("python -m", f"benchmarks.{benchmark.module}", *benchmark.arguments))
        yield f"No result is kept yet: `{command}`."
        return
    on = found["machine"]
    load = f"load {on['load']:g} on {on['processors']} processors"
    note = f" {found['note'][0].upper()}{found['note'][1:]}." if found["note"] else ""
    where = f"{on['processor']}, {load}, Python {on['python']}"
    yield f"`{found['command']}`, at {found['commit']}, {found['seconds']:g} s; {where}.{note}"
    yield "```text\n" + "\n".join(line for line in found["lines"]).strip("\n") + "\n```"


if __name__ == "__main__":
    PAGE.write_text(render(results(Path(__file__).parent / "results")), encoding="utf-8")

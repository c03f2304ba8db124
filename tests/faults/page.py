"""The page `docs/faults_tried.md`, made of the tables: `python -m tests.faults.page > docs/faults_tried.md`."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from tests.faults.child import POINTS
from tests.faults.engines import SERIES, WIDE
from tests.faults.matrix import FAULTS, STAGES, Fault

TOP = """\
# Faults that a run survives

A run is killed or told to end, it loses workers, its store is damaged, others work beside it, the clock goes back. Each
of the {count} faults below is done to a small experiment that has every stage (`tests/faults`, run by `make slow`). In
every row nothing is lost or silently wrong, and the next run ends in the digests of an undisturbed one.

{last}

What no test can do on one machine: a power cut (the store syncs every file before it gives an output its name), and a
network file system that shows one machine what another wrote only later (see [URLs and shared stores](urls.md)).

Each stage has four points: it has begun, its files are written, its output is sealed (and has no name yet), it is
published. Threads without a server are the engine where no other is named.

| faults | tried, and held |
|---|---|
{counts}"""
LAST = """\
A fault that does not hold fails its test. All held in their last whole run, by series, on 27 November 2026, on a busy
machine; what had not held before (a run that went on after Ctrl-C or hung, a model with other weights) was mended.\
"""
OTHERS = {
    "A node of a Ray cluster is lost (`tests/faults/test_ray.py`)": len(WIDE),
    "A node is lost in a training over two (`tests/faults/test_machines.py`)": 1,
    "PostgreSQL behind Prefect's server (`tests/faults/test_postgres.py`)": 3,
    "A worker's memory runs out (`tests/faults/test_memory.py`)": 2,
}


def page() -> str:
    """The page as Markdown."""
    single = [(kind, list(faults)) for kind, faults in groupby(FAULTS, key=lambda fault: fault.kind)]
    kinds = dict.fromkeys(series.kind for series in SERIES)
    serial = [(kind, [series for series in SERIES if series.kind == kind]) for kind in kinds]
    tried = {kind: len(faults) for kind, faults in single}
    tried |= {kind: sum(len(series.faults) for series in found) for kind, found in serial}
    tried |= OTHERS
    counts = "".join(f"| {kind} | {count} |\n" for kind, count in tried.items())
    parts = [TOP.format(count=sum(tried.values()), counts=counts, last=LAST)]
    for kind, faults in single:
        if where := [fault.where for fault in faults if fault.where]:
            parts += [_head(kind), _row("SIGKILL, one in each run", where, faults[0].outcome)]
        else:
            parts += [f"\n## {kind}\n\n| fault | outcome |\n|---|---|\n", *map(_fault, faults)]
    for kind, found in serial:
        parts += [_head(kind), *(_row(series.name, series.faults, series.outcome) for series in found)]
    return "".join(parts)


def _fault(fault: Fault) -> str:
    return f"| {fault.name} | {fault.outcome} |\n"


def _head(kind: str) -> str:
    return f"\n## {kind}\n\n| what | in | outcome |\n|---|---|---|\n"


def _row(name: str, faults: Iterable[tuple[str, str]], outcome: str) -> str:
    return f"| {name} | {'; '.join(_places(list(faults)))} | {outcome} |\n"


def _places(faults: Sequence[tuple[str, str]]) -> Iterator[str]:
    """The stages at each point."""
    if len(set(faults)) == len(STAGES) * len(POINTS):
        yield "every stage, at each point"
        return
    for point in POINTS:
        if stages := [stage for stage, where in faults if where == point]:
            yield f"{point}: {'every stage' if len(stages) == len(STAGES) else ', '.join(stages)}"


if __name__ == "__main__":
    print(page(), end="")

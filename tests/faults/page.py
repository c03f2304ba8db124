"""The page `docs/faults_tried.md`, made of the matrix: `python -m tests.faults.page > docs/faults_tried.md`."""

from itertools import groupby

from tests.faults.matrix import FAULTS, Fault

TOP = """\
# Faults that a run survives

A run is killed, its store is damaged, others work beside it, the clock goes back. Each of the {count} faults below is
done to a small experiment that has every stage (`tests/faults/matrix.py`, run by `make slow`). In every row nothing is
lost or silently wrong, and the next run ends in the digests of an undisturbed one.

What no test can do on one machine: a power cut (the store syncs every file before it gives an output its name), and a
network file system that shows one machine what another wrote only later (see [URLs and shared stores](urls.md)).
"""


def page() -> str:
    """The page as Markdown."""
    parts = [TOP.format(count=len(FAULTS))]
    for kind, faults in groupby(FAULTS, key=lambda fault: fault.kind):
        parts += [f"\n## {kind}\n\n| fault | outcome |\n|---|---|\n", *map(_line, faults)]
    return "".join(parts)


def _line(fault: Fault) -> str:
    return f"| {fault.name} | {fault.outcome} |\n"


if __name__ == "__main__":
    print(page(), end="")

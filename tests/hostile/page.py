"""The page `docs/hostile.md`, made of the corpus: `python -m tests.hostile.page > docs/hostile.md`."""

from itertools import groupby

from tests.hostile.case import Case
from tests.hostile.corpus import CORPUS

TOP = """\
# Hostile and broken input

Captions, names, tars, images, Parquet, JSON, configurations, keyword lists, benchmarks and checkpoints are other
people's. Each of the {count} inputs below is read by the reader that a run uses, and has one of three outcomes:

- it is **taken**, as it is, to the byte;
- its row is **rejected**: it stands in `rejected.parquet` with the reason, and the rows beside it are taken;
- there is **one error**, one sentence that says what and where and what to do, before work starts.

Nothing of it runs, nothing is written, nothing outside its folder is read, no row is dropped without a word, and
memory stays bounded. `tests/hostile/test_corpus.py` asserts all of that; this page is made of its table by
`python -m tests.hostile.page`, and a test compares the two.
"""


def page() -> str:
    """The page as Markdown."""
    parts = [TOP.format(count=len(CORPUS))]
    for kind, cases in groupby(sorted(CORPUS, key=_order), key=lambda case: case.kind):
        parts += [f"\n## {kind}\n\n| input | outcome |\n|---|---|\n", *map(_line, cases)]
    return "".join(parts)


def _order(case: Case) -> int:
    kinds = list(dict.fromkeys(each.kind for each in CORPUS))
    return kinds.index(case.kind)


def _line(case: Case) -> str:
    return f"| {_cell(case.name)} | {_cell(case.outcome)} |\n"


def _cell(text: str) -> str:
    return "".join(f"\\{each}" if each in "\\`*_[]|<>{}" else each for each in text)


if __name__ == "__main__":
    print(page(), end="")

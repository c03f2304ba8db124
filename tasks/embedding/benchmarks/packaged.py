"""Class names and prompts that the installed clip-benchmark ships for benchmarks by name; nothing is copied from it."""

import json
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

ListKind = Literal["classnames", "zeroshot_classification_templates"]

ITS_NAMES = {"caltech101_vtab": "caltech101"}
"""Lists that stand for another name's: VTAB's Caltech has classes of its own, and the prompts of the other."""


def packaged_lines(benchmark: str, kind: ListKind) -> tuple[str, ...]:
    """The list of a benchmark, such as `cifar10`, `vtab/cifar100` or `imagenet1k`; empty where none is shipped.

    benchmark: its name, or its folder's, such as `wds_vtab-cifar100`.
    """
    name = set_name(benchmark)
    plain = name.removeprefix("vtab/")
    if name == "vtab/caltech101":
        plain = "caltech101_vtab"
    lists = _lists(kind)
    found = lists.get(plain) or lists.get(ITS_NAMES.get(plain, "")) or []
    return tuple(line.strip() for line in found)


def set_name(folder: str) -> str:
    """The name of a set that its folder tells: `vtab/cifar100` of `wds_vtab-cifar100_test`."""
    name = folder.removeprefix("wds_").removesuffix("_test") if folder.startswith("wds_") else folder
    return name.replace("vtab-", "vtab/", 1) if name.startswith("vtab-") else name


@cache
def _lists(kind: ListKind) -> dict[str, list[str]]:
    """All lists of a kind, from the file in clip-benchmark's package, for importing it takes seconds."""
    package = find_spec("clip_benchmark")
    if package is None or package.origin is None:
        return {}
    file = Path(package.origin).parent / "datasets" / f"en_{kind}.json"
    if not file.is_file():
        return {}
    read = json.loads(file.read_text(encoding="utf-8"))
    return {name: lines for name, lines in read.items() if isinstance(lines, list)}

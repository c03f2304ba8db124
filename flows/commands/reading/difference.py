"""`equipoise diff`: which stages of two runs differ, which part of their keys, and which headline numbers moved."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

import typer
from rich.table import Table
from rich.text import Text

from flows.commands.console import AsJson, console, plain, say_json
from flows.records.before import run_before
from storage.errors import InputError
from storage.store.staleness import Made, key_differences

RunFolder = Annotated[Path, typer.Argument(metavar="RUN", help="a run's folder, such as runs/demo, or its lineage")]
Kind = Literal["changed", "failed", "not reached", "only in the first", "only in the second",
               "other bytes from the same key", "follows"]  # fmt: skip
KIND_ORDER: tuple[Kind, ...] = get_args(Kind)
# Parts of `summary.json` whose numbers are worth a line, as paths; * stands for any name.
HEADLINES = (
    ("curation", "rows", "*"),
    ("curation", "distances", "*", "total_variation"),
    ("curation", "selection", "effective_sample_size"),
    ("screening", "dropped", "*"),
    ("screening", "leakage", "*", "leaks"),
    ("geometry", "*", "mean_edge"),
    ("geometry", "*", "dimension"),
    ("variants", "*", "*", "mean"),
    ("deltas", "*", "*", "mean"),
)


@dataclass(frozen=True)
class StageDifference:
    """One stage run that is not the same in both. reasons: what of its key differs, a phrase each.

    kind: `changed` where its own code, parameters or sources do; `follows` where only its inputs do; `failed` where one
    of the two failed, `not reached` where it waited for one that did, and `only in` where the other never had it.
    """

    label: str
    kind: Kind
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True)
class Moved:
    """A headline number of both runs, or of one of them."""

    name: str
    first: float | None
    second: float | None


def diff(
    first: RunFolder,
    second: Annotated[
        Path | None,
        typer.Argument(metavar="RUN", help="another; without it the first is held against the run before it"),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Compare two runs: stages that differ and why, and the headline numbers that moved. Needs no store.

    Of one folder alone: its run, against the last one before it that brought something else.
    """
    if second is None:
        if (before := run_before(first)) is None:
            raise InputError(f"{first} holds no run before its last one that brought something else; name two runs")
        first, second = before, first
    one, other = _lineage(first), _lineage(second)
    stages = stage_differences(one, other)
    moved = moved_numbers(_summary(first), _summary(second))
    if as_json:
        say_json({"stages": plain(stages), "numbers": plain(moved)})
        return
    labels = dict(zip(KIND_ORDER, ("yellow", "red", "red", "cyan", "cyan", "red", "dim"), strict=True))
    if stages:
        table = Table("stage run", "difference", "because", box=None, header_style="bold", pad_edge=False)
        for stage in sorted(stages, key=lambda each: KIND_ORDER.index(each.kind)):
            table.add_row(Text(stage.label), Text(stage.kind, labels[stage.kind]), Text("; ".join(stage.reasons)))
        console.print(table)
    same = len({node["label"] for node in one["nodes"]} & {node["label"] for node in other["nodes"]})
    console.print(f"{same - sum(not each.kind.startswith('only') for each in stages)} stage runs are the same")
    if not moved:
        console.print("no headline number moved")
        return
    table = Table("number", box=None, header_style="bold", pad_edge=False)
    for name in ("first", "second", "change"):
        table.add_column(name, justify="right")
    for number in moved:
        change = None if number.first is None or number.second is None else number.second - number.first
        table.add_row(Text(number.name), *(_plain(value) for value in (number.first, number.second)),
                      _plain(change, signed=True))  # fmt: skip
    console.print(table)


def stage_differences(first: Mapping[str, Any], second: Mapping[str, Any]) -> list[StageDifference]:
    """Stage runs that differ between two lineages (the content of `lineage.json`), matched by label, in their order."""
    one, other = ({node["label"]: node for node in each["nodes"]} for each in (first, second))
    found = []
    for label in dict.fromkeys([*one, *other]):
        if label not in other:
            found.append(StageDifference(label, "only in the first"))
        elif label not in one:
            found.append(StageDifference(label, "only in the second"))
        elif ended := _unfinished(one[label], other[label]):
            found.append(StageDifference(label, *ended))
        elif one[label]["key"] != other[label]["key"]:
            reasons = key_differences(_made(one[label]), _made(other[label]))
            own = tuple(reason for reason in reasons if not reason.startswith("input "))
            found.append(StageDifference(label, "changed" if own else "follows", own or reasons))
        elif one[label]["digest"] != other[label]["digest"]:
            found.append(StageDifference(label, "other bytes from the same key"))
    return found


def _unfinished(first: Mapping[str, Any], second: Mapping[str, Any]) -> tuple[Kind, tuple[str, ...]] | None:
    """What became of a stage run that has no output in one of the runs; None where both have one."""
    ended = {"first": first, "second": second}
    kind: Kind | None = None
    reasons = []
    for which, node in ended.items():
        if node["digest"]:
            continue
        error = (node.get("stats") or {}).get("error")
        if node.get("state") == "blocked":
            kind = kind or "not reached"
            reasons.append(f"in the {which} it waited for one that failed")
        else:
            kind = "failed"
            reasons.append(f"in the {which}{f': {error}' if error else ''}")
    return (kind, tuple(reasons)) if kind else None


def moved_numbers(first: Mapping[str, Any], second: Mapping[str, Any]) -> list[Moved]:
    """Headline numbers that two summaries (the content of `summary.json`) do not share."""
    moved = []
    for path in HEADLINES:
        one, other = dict(_numbers(first, path)), dict(_numbers(second, path))
        for name in dict.fromkeys([*one, *other]):
            if one.get(name) != other.get(name):
                moved.append(Moved(name, one.get(name), other.get(name)))
    return moved


def _numbers(value: object, path: tuple[str, ...], name: str = "") -> Iterator[tuple[str, float]]:
    if not path:
        if isinstance(value, int | float) and not isinstance(value, bool):
            yield name, float(value)
        return
    if isinstance(value, Mapping):
        for key in value if path[0] == "*" else [path[0]] if path[0] in value else []:
            yield from _numbers(value[key], path[1:], f"{name}, {key}" if name else str(key))


def _made(node: Mapping[str, Any]) -> Made:
    return Made(node.get("version", 1), node.get("code", ""), node.get("parameters", {}))


def _lineage(run: Path) -> dict[str, Any]:
    path = run if run.is_file() else run / "lineage.json"
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        nodes = content["nodes"]
        assert all({"label", "key", "digest"} <= node.keys() for node in nodes)
    except FileNotFoundError:
        raise InputError(f"{path} does not exist; name the folder of a finished run, such as runs/demo") from None
    except (ValueError, KeyError, TypeError, AttributeError, AssertionError):
        raise InputError(f"{path} is not the lineage of a run; name its folder, such as runs/demo") from None
    return dict(content)


def _summary(run: Path) -> dict[str, Any]:
    """The summary of a run; empty where the run made none."""
    path = (run.parent if run.is_file() else run) / "summary.json"
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError):
        return {}


def _plain(value: float | None, *, signed: bool = False) -> str:
    if value is None:
        return "–"
    text = f"{value:,.0f}" if value == int(value) and abs(value) >= 1 else f"{value:.4g}"
    return f"+{text}" if signed and value > 0 else text

"""The answer that a run ends with: rows, how near the target, where the data lie, what was gained, and the levels."""

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.table import Table
from rich.text import Text

from flows.commands.console import console, many, percent, plain_table, say
from flows.config.experiment import Experiment
from flows.records.results import LINKS
from flows.verbs import Verb
from tasks.checks import counted

FILES = ("report.html", "summary.json", "index.html", "numbers.json", "lineage.json")


def answer(config: Experiment, verb: Verb) -> dict[str, Any]:
    """What a run of the verb has just left, for programs: where its files lie, and the numbers of its summary."""
    folder = config.results(verb)
    numbers = "numbers.json" if verb == "study" else "summary.json"
    links = {name: config.folder / name for name in LINKS if (config.folder / name).is_dir()}
    return {
        "name": config.name,
        "verb": verb,
        "folder": str(folder),
        "files": [str(folder / name) for name in FILES if (folder / name).is_file()],
        "data": {name: {"path": str(path), "files": len(list(path.iterdir()))} for name, path in links.items()},
        "store": str(config.runtime.store),
        "checks": checks_of(folder),
        "summary": json.loads((folder / numbers).read_text(encoding="utf-8")),
    }


def checks_of(folder: Path) -> list[dict[str, Any]]:
    """What the checks said of the run whose results lie in a folder, as its `lineage.json` has it."""
    try:
        found = json.loads((folder / "lineage.json").read_text(encoding="utf-8")).get("checks")
    except (OSError, ValueError):
        return []
    return found if isinstance(found, list) else []


def check_lines(checks: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """How many passed, and what did not, a line each."""
    if checks:
        words = [str(each["word"]) for each in checks]
        yield f"checks: {counted(words)}"
    for each in checks:
        if each["failed"]:
            often = f" ({each['failed']} of {each['judged']})" if each["judged"] > 1 else ""
            yield f"  {each['word']}: {each['said']}{often}, by checks.{each['check']}"


def show_answer(config: Experiment, verb: Verb) -> None:
    """Print it: sentences, then differences with their verdicts, then levels."""
    found = answer(config, verb)
    summary = found["summary"]
    for line in curation_lines(summary):
        say(line)
    for name, data in found["data"].items():
        say(f"{name} Parquet: {data['path']} ({many(data['files'], 'file')}, linked into the store)")
    for line in summary.get("answer", ()):
        say(line)
    if headline := summary.get("headline"):
        console.print()
        console.print(Text(headline, "bold"))
    if deltas := summary.get("deltas"):
        console.print()
        console.print(differences(deltas, summary.get("variants", {})))
    if variants := summary.get("variants"):
        console.print()
        console.print(levels(variants))
    console.print()
    for line in check_lines(found["checks"]):
        say(line)
    for path in found["files"]:
        say(path)


def curation_lines(summary: Mapping[str, Any]) -> Iterator[str]:
    """Rows from station to station, why they went, and how near the selection came to the target."""
    curation = summary.get("curation")
    if not curation:
        return
    yield "rows: " + " → ".join(f"{rows:,} {name.lower()}" for name, rows in curation["rows"].items())
    for station, losses in curation.get("lost", {}).items():
        yield f"  before “{station.lower()}”: " + ", ".join(f"{rows:,} {why}" for why, rows in losses.items())
    selection = curation.get("selection") or {}
    if (size := selection.get("effective_sample_size")) is not None:
        yield f"effective sample size of the selection: {size:,.0f} rows"
    distances = {name: each.get("total_variation") for name, each in curation.get("distances", {}).items()}
    if distances.get("realised") is not None:
        parts = [f"{percent(each)} % {name}" for name, each in distances.items() if each is not None]
        yield "keyword mass away from the target (total variation): " + ", ".join(parts)
        if max(each for each in distances.values() if each is not None) < 5e-4:  # all are told as 0.0 %
            yield "  the target is what is there already, so nothing was balanced: lower `balancing.target.t`, say"


def differences(deltas: Mapping[str, Mapping[str, Mapping[str, Any]]], variants: Collection[str]) -> Table:
    """Which of the variants gains over which, on which benchmark, and whether that can be told from luck."""
    table = plain_table("difference", "benchmark", ">points", ">interval", "verdict", "unit")
    for name, benchmarks in deltas.items():
        for benchmark, each in benchmarks.items():
            interval = each.get("interval") or each.get("image_interval")
            table.add_row(
                Text(_difference(name, variants)),
                Text(benchmark),
                _points(each.get("mean")),
                _range(interval, _points),
                Text(_verdict(each), "bold" if each.get("distinguishable") else ""),
                Text(f"points of {_words(each.get('metric'))}", "dim"),
            )
    return table


def _difference(name: str, variants: Collection[str]) -> str:
    """`a-b` as `a − b`; a variant's own name may hold a hyphen."""
    for place in (place for place, letter in enumerate(name) if letter == "-"):
        ours, reference = name[:place], name[place + 1 :]
        if ours in variants and reference in variants:
            return f"{ours} − {reference}"
    return name


def levels(variants: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> Table:
    """What each variant reaches: mean over seeds, interval, chance and every seed, in percent."""
    metrics = {each.get("metric") for benchmarks in variants.values() for each in benchmarks.values()}
    unit = _words(metrics.pop()) if len(metrics) == 1 else "score"
    table = plain_table("variant", "benchmark", f">{unit}, %", ">interval", ">chance", "each seed")
    for variant, benchmarks in variants.items():
        for benchmark, score in benchmarks.items():
            interval = score.get("interval") or score.get("image_interval")
            seeds = list((score.get("seeds") or {}).values())
            table.add_row(
                Text(variant),
                Text(benchmark),
                percent(score.get("mean")),
                _range(interval, percent),
                percent(score.get("chance")),
                "  ".join(percent(value) for value in seeds),
            )
    return table


def _verdict(difference: Mapping[str, Any]) -> str:
    if given := difference.get("verdict"):
        return str(given)
    if not difference.get("distinguishable"):
        return "not distinguishable"
    return "gain" if difference["mean"] > 0 else "loss"


def _points(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:+.1f}"


def _range(interval: Sequence[float] | None, shown: Callable[[float | None], str]) -> str:
    return "–" if interval is None else f"{shown(interval[0])} to {shown(interval[1])}"


def _words(metric: str | None) -> str:
    return "the score" if metric is None else metric.replace("_", " ")

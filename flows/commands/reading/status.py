"""`equipoise status`: what a run would do, why, and what it would miss."""

from dataclasses import asdict
from pathlib import Path

from rich.text import Text

from flows.api import walked
from flows.commands.console import console, plain_table, say, say_json
from flows.commands.reading.summary import check_lines
from flows.config.pipeline import load_experiment
from flows.preflight.check import preflight
from flows.records.results import differences
from flows.verbs import Verb
from tasks.checks import verdicts

COLOURS = {"cached": "green", "run": "yellow", "wait": "dim"}


def show_status(config: Path, verb: Verb | None, *, as_json: bool) -> None:
    """Print it. Raises `InputError` where a file that keys are made of is missing."""
    settings = load_experiment(config)
    chosen = verb or settings.whole
    faults = list(preflight(settings, chosen))
    walk = None if faults else walked(settings, chosen)
    plans = walk.plans if walk else []
    found = verdicts(walk.findings) if walk else []
    counts = {action: sum(each.action == action for each in plans) for action in COLOURS}
    if as_json:
        say_json({
            "name": settings.name,
            "verb": chosen,
            "store": str(settings.runtime.store),
            "folder": str(settings.results(chosen)),
            "faults": faults,
            "counts": counts,
            "checks": [asdict(each) | {"word": each.word} for each in found],
            "stages": [
                {"label": each.label, "stage": each.stage, "action": each.action, "because": list(each.reasons)}
                for each in plans
            ],
        })  # fmt: skip
        return
    if faults:
        for fault in faults:
            console.print(Text(f"cannot run: {fault}", "red"), soft_wrap=True)
        return
    table = plain_table("stage run", "would", "because")
    for each in plans:
        table.add_row(Text(each.label), Text(each.action, COLOURS[each.action]), Text("; ".join(each.reasons)))
    console.print(table)
    words = f"{counts['cached']} cached, {counts['run']} would run, {counts['wait']} wait for those"
    say(f"{words}; store {settings.runtime.store}")
    for line in check_lines([asdict(each) | {"word": each.word} for each in found]):
        say(line)
    if changed := differences(settings):
        say(f"{settings.folder} holds results of another configuration: {', '.join(changed)}")

"""`equipoise where-used`: which runs used a shard, an output or a row."""

from typing import Annotated

import typer

from flows.commands.console import AsJson, say, say_json
from flows.commands.store.store_commands import ConfigFile
from flows.config.pipeline import load_experiment
from flows.records.used import Used, output_used, row_used
from storage.errors import InputError
from storage.store.store import Store
from storage.tables.ids import read_ids


def where_used(
    config: ConfigFile,
    what: Annotated[str, typer.Argument(metavar="SHARD|ROW", help="a file of the store, STAGE/KEY, or a row's id")],
    as_json: AsJson = False,
) -> None:
    """Say which runs used a shard or a row, and what was made from it."""
    store = Store(load_experiment(config).runtime.store)
    used = output_used(store, what)
    for identity in read_ids(what) if used is None else ():
        used = row_used(store, identity)
        if used.found:
            break
    if used is None or not used.found:
        raise InputError(f"nothing in {store.root} is called {what}; give a file of it, STAGE/KEY, or a row's id")
    if as_json:
        say_json({
            "found": [each.name for each in used.found],
            "outputs": [each.name for each in used.outputs],
            "runs": [
                {"run": record.words, "id": record.id, "folder": str(record.folder), "stage_runs": list(labels)}
                for record, labels in used.runs
            ],
        })  # fmt: skip
        return
    for line in told(used):
        say(line)


def told(used: Used) -> list[str]:
    """What there is to say, a line each."""
    found = [f"{each.name}" for each in used.found]
    lines = ["in", *(f"  {name}" for name in found), f"used by {len(used.runs)} runs on record"]
    for record, labels in used.runs:
        lines += [f"  {record.words} ({record.folder})", f"    {', '.join(labels)}"]
    return lines

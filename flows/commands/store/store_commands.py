"""Commands on what the store holds: verify its hashes, remove what nothing needs."""

from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from flows.commands.console import AsJson, console, many, plain, say, say_json
from storage.errors import EquipoiseError

ConfigFile = Annotated[Path, typer.Argument(metavar="CONFIG", help="a YAML file such as configs/demo.yaml")]


def verify(
    config: ConfigFile,
    discard: Annotated[
        bool, typer.Option(help="remove damaged outputs and what was made of altered ones; the next run rebuilds them")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Hash every file of the experiment's store; exit status 1 where one is missing or altered."""
    from flows.config.pipeline import load_experiment
    from storage.progress import progress
    from storage.store.inspection import inspect
    from storage.store.store import Store

    store = Store(load_experiment(config).runtime.store)
    with progress(sum(each.bytes for each in store.manifests()), "hashing", unit="B") as bar:
        found = inspect(store, bar.update)
    if as_json:
        say_json(plain(found))
    else:
        for fault in found.faults:
            console.print(Text(fault, "red"), soft_wrap=True)
        for name in found.descendants:
            console.print(
                Text(f"{name} was made of an altered file, or of what was made of one", "red"), soft_wrap=True
            )
        for name in found.strangers:
            say(f"{name} was written by no stage; nothing reads it")
        if found.earlier:
            say(f"of an earlier version, used by nothing: {many(len(found.earlier), 'output')}; `gc` removes them")
        say(
            f"{many(found.files, 'file')} of {many(found.outputs, 'stage output')} checked, {found.bytes:,} bytes; "
            f"{len(found.faults)} faulty"
        )
    if not found.faults:
        return
    made = f", and {many(len(found.descendants), 'output')} made of altered ones" if found.descendants else ""
    faulty = many(len(found.faults), "faulty file")
    if discard:
        for name in (*found.damaged, *found.descendants):
            store.discard(*name.split("/", 1))
        raise EquipoiseError(f"{faulty}{made}; their outputs are discarded, and the next run rebuilds them")
    raise EquipoiseError(
        f"{faulty}{made}; missing ones are rebuilt by the next run, altered ones and what was "
        "made of them after `verify --discard`"
    )


def gc(
    configs: Annotated[list[Path], typer.Argument(metavar="CONFIG...", help="experiments whose results are kept")],
    remove: Annotated[bool, typer.Option(help="remove what is listed; without it, only list")] = False,
    forget: Annotated[
        list[str] | None, typer.Option(help="an experiment whose results may go; repeat for more")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List, or remove, stage outputs that no experiment of the store needs any more.

    Of the named experiments what their configuration needs now is kept; of others what their last runs used, until
    they are forgotten.
    """
    from flows.commands.store.collection import collect

    found = collect([*configs], forget or [])
    freed = found.remove() if remove else None
    if as_json:
        say_json(found.as_json(freed))
        return
    for item in found.garbage.items:
        say(f"{item.bytes:>14,}  {item.path}  {item.reason}")
    for line in found.spared():
        say(line)
    if freed is not None:
        say(f"{freed:,} bytes freed")
    else:
        say(f"{found.garbage.bytes:,} bytes in {len(found.garbage.items)} items; --remove removes them")

"""Commands on what the store holds: verify its hashes, remove what nothing needs."""

from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from flows.commands.console import AsJson, console, say, say_json
from storage.errors import EquipoiseError

ConfigFile = Annotated[Path, typer.Argument(metavar="CONFIG", help="a YAML file such as configs/demo.yaml")]


def verify(
    config: ConfigFile,
    discard: Annotated[bool, typer.Option(help="remove altered files, so that the next run rebuilds them")] = False,
    as_json: AsJson = False,
) -> None:
    """Hash every file of the experiment's store; exit status 1 where one is missing or altered."""
    from flows.config.pipeline import load_experiment
    from storage.store.store import Store

    store = Store(load_experiment(config).runtime.store)
    manifests = list(store.manifests())
    faults = [(manifest, fault) for manifest in manifests for fault in store.damage(manifest, content=True)]
    files = sum(len(manifest.files) for manifest in manifests)
    if as_json:
        say_json({"files": files, "outputs": len(manifests), "faults": [fault for _, fault in faults]})
    else:
        for _, fault in faults:
            console.print(Text(fault, "red"), soft_wrap=True)
        say(f"{files} files of {len(manifests)} stage outputs checked, {len(faults)} faulty")
    if not faults:
        return
    if discard:
        for manifest in {manifest.name: manifest for manifest, _ in faults}.values():
            store.discard(manifest)
        raise EquipoiseError(f"{len(faults)} faulty files; their outputs are discarded, and the next run rebuilds them")
    raise EquipoiseError(
        f"{len(faults)} faulty files; missing ones are rebuilt by the next run, altered ones after `verify --discard`"
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

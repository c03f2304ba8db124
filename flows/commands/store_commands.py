"""Commands on what the store holds: verify its hashes, remove what nothing needs."""

from pathlib import Path
from typing import Annotated

import typer

from flows.commands.console import console
from storage.errors import EquipoiseError, InputError

ConfigFile = Annotated[Path, typer.Argument(metavar="CONFIG", help="a YAML file such as configs/demo.yaml")]


def verify(
    config: ConfigFile,
    discard: Annotated[bool, typer.Option(help="remove altered files, so that the next run rebuilds them")] = False,
) -> None:
    """Hash every file of the experiment's store; exit status 1 where one is missing or altered."""
    from flows.config.pipeline import load_experiment
    from storage.store.store import Store

    store = Store(load_experiment(config).runtime.store)
    manifests = list(store.manifests())
    faults = [(manifest, fault) for manifest in manifests for fault in store.damage(manifest, content=True)]
    for _, fault in faults:
        console.print(fault, style="red", markup=False, highlight=False)
    files = sum(len(manifest.files) for manifest in manifests)
    console.print(f"{files} files of {len(manifests)} stage outputs checked, {len(faults)} faulty", highlight=False)
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
) -> None:
    """List, or remove, stage outputs that none of the named experiments needs any more."""
    from flows.config.pipeline import load_experiment
    from flows.engine.status import StatusEngine
    from flows.graph.build import build
    from storage.store.collect import find_garbage
    from storage.store.collect import remove as remove_items
    from storage.store.store import Store

    settings = [load_experiment(config) for config in configs]
    stores = {setting.runtime.store.resolve() for setting in settings}
    if len(stores) > 1:
        raise InputError(f"these experiments use {len(stores)} stores; collect each store by itself")
    store = Store(stores.pop())
    engines = [StatusEngine(setting.runtime) for setting in settings]
    for engine, setting in zip(engines, settings, strict=True):
        build(engine, setting, setting.whole)
    garbage = find_garbage(
        store,
        [manifest for engine in engines for manifest in engine.manifests],
        unfinished=[key for engine in engines for key in engine.missing],
    )
    for item in garbage.items:
        console.print(f"{item.bytes:>14,}  {item.path}  {item.reason}", markup=False, highlight=False, soft_wrap=True)
    if remove:
        console.print(f"{remove_items(store, garbage):,} bytes freed", highlight=False)
    else:
        console.print(f"{garbage.bytes:,} bytes in {len(garbage.items)} items; --remove removes them", highlight=False)

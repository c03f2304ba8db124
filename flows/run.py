"""Running a verb in this process, without Prefect, and what every run ends with: the first failure, or the report."""

import shutil
from collections.abc import Callable, Sequence

from flows.book import enter
from flows.config.experiment import Experiment
from flows.engine.engine import Node
from flows.engine.here import LocalEngine
from flows.graph.build import AnyExperiment, build
from flows.verbs import Verb
from storage.record.manifest import Manifest
from storage.store.store import Store


def run_here(config: AnyExperiment, verb: Verb, announce: Callable[[str], None]) -> list[Node]:
    """Run a verb in this process, without a server, in the same store. Raises the first failure."""
    engine = LocalEngine(config.runtime, parallel=config.parallel, announce=announce)
    report = build(engine, config, verb)
    nodes = engine.finish()
    enter(config, verb, nodes)
    raise_first(nodes)
    deliver(config, report.result() if report else None)
    return nodes


def raise_first(nodes: Sequence[Node]) -> None:
    """Raise the first failure among the nodes, with a note of where it happened."""
    for node in nodes:
        if node.state == "failed" and node.error is not None:
            node.error.add_note(f"in {node.label}")
            raise node.error


def deliver(config: Experiment, report: Manifest | None) -> None:
    """Copy the report out of the store, to where a person looks for it."""
    if report is None:
        return
    source = Store(config.runtime.store).directory(report.stage, report.key)
    for file in report.files:
        target = config.folder / file.path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / file.path, target)

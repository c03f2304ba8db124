"""What every run leaves behind, with a server or without: its lineage, and its entry in the book of runs."""

from collections.abc import Sequence
from datetime import UTC, datetime

from flows.config.experiment import Experiment
from flows.engine.engine import Node
from flows.records.lineage import Judge, describe, unjudged, uses, write_lineage
from flows.records.lineage_events import publish_events
from flows.records.tensorboard import write_trainings
from flows.verbs import Verb
from storage.store.runs import RunRecord, makers, new_id, write_run
from tasks.reporting.lineage.nodes import LineageNode


def enter(
    config: Experiment, verb: Verb, nodes: Sequence[Node], judge: Judge = unjudged, *, flow_run: str | None = None
) -> list[LineageNode]:
    """Write a run's lineage and its record; returns the nodes as readers are shown them, judged by the checks."""
    store, now = config.runtime.store, datetime.now(UTC)
    described = describe(nodes, makers(store), judge)
    record = RunRecord(
        id=new_id(now), experiment=config.name, verb=verb, folder=config.results(verb).absolute(), ended=now,
        flow_run=flow_run, uses=uses(nodes),
    )  # fmt: skip
    write_lineage(config.results(verb), described)
    write_run(store, record)
    publish_events(config, verb, nodes)
    if "tensorboard" in config.trackers:
        write_trainings(config, nodes)
    return described

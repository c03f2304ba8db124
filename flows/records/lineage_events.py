"""A run's lineage as OpenLineage events: for catalogues such as Marquez, DataHub or Egeria.

Every run writes `openlineage.ndjson` beside its `lineage.json`. Where OpenLineage's own variables say so
(`OPENLINEAGE_URL`, or a transport in `openlineage.yml` or `OPENLINEAGE_CONFIG`), the events go there, too. An output is
a dataset, `file:<store>/<stage>/<key>`; its version is its digest. A balanced selection's effective sample size and its
distance from the target are a facet of their own.

Source: the OpenLineage specification, version 2-0-2.
"""

import json
import logging
import os
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pyarrow.parquet import read_schema

from flows.config.experiment import Experiment
from flows.engine.engine import Node
from flows.records.lineage import rows_of
from flows.records.reproduction import package_version
from flows.verbs import Verb
from storage.atomic import write_whole
from storage.record.manifest import Manifest
from storage.store.store import Store

NAMESPACE = "equipoise"
PRODUCER = f"urn:equipoise:{package_version('equipoise') or 'unknown'}"
EVENTS = "openlineage.ndjson"
_ELSEWHERE = ("OPENLINEAGE_URL", "OPENLINEAGE_CONFIG", "OPENLINEAGE__TRANSPORT__TYPE")
_SPECIFICATION = "https://openlineage.io/spec"
_EVENT = f"{_SPECIFICATION}/2-0-2/OpenLineage.json#/$defs/RunEvent"
_FACETS = {"DatasetVersionDatasetFacet": "1-0-1", "ErrorMessageRunFacet": "1-0-1", "JobTypeJobFacet": "2-0-4",
           "OutputStatisticsOutputDatasetFacet": "1-0-2", "ParentRunFacet": "1-2-0",
           "SchemaDatasetFacet": "1-2-0"}  # fmt: skip
"""Facets of the specification that the events hold, and their versions."""

Event = dict[str, Any]
"""An event as JSON has it. OpenLineage's client loads its transports with its classes, half a second that a run whose
events stay on disk has no use for; tests hold each event against those classes."""


def publish_events(config: Experiment, verb: Verb, nodes: Sequence[Node]) -> None:
    """Write the run's events beside its lineage, and send them where OpenLineage is configured to go.

    A consumer that does not answer costs the run a warning, and nothing else.
    """
    events = run_events(config, verb, nodes)
    path = config.results(verb) / EVENTS  # a part's lie beside its lineage, and leave the whole's alone
    write_whole(path, "".join(f"{json.dumps(event, sort_keys=True)}\n" for event in events))
    if not any(os.environ.get(name) for name in _ELSEWHERE) and not Path("openlineage.yml").is_file():
        return
    try:
        _send(events)
    except Exception as error:
        logging.getLogger("equipoise").warning(
            "OpenLineage's consumer took not all events (%s); they are in %s", error, path
        )


def _send(events: Sequence[Event]) -> None:
    from openlineage.client.client import OpenLineageClient
    from openlineage.client.event_v2 import InputDataset, Job, OutputDataset, Run, RunEvent, RunState

    client = OpenLineageClient()
    for event in events:
        made = RunEvent(
            eventType=RunState[event["eventType"]],
            eventTime=event["eventTime"],
            run=Run(**event["run"]),
            job=Job(**event["job"]),
            producer=event["producer"],
            inputs=[InputDataset(**each) for each in event["inputs"]],
            outputs=[OutputDataset(**each) for each in event["outputs"]],
        )
        client.emit(made)
    client.close()


def run_events(config: Experiment, verb: Verb, nodes: Sequence[Node]) -> list[Event]:
    """A START and an end for the run itself and for every stage run; blocked ones are aborted."""
    now = datetime.now(UTC)
    whole = {"runId": str(uuid.uuid4()), "facets": {}}
    job = _job(f"{config.name}.{verb}", "PIPELINE")
    above = _facet("ParentRunFacet", run=whole, job=job | {"facets": {}})
    failed = any(node.state == "failed" for node in nodes)
    store = Store(config.runtime.store)
    events = [_event("START", now, whole, job)]
    for node in nodes:
        events += _stage_events(node, config.name, store, now, above)
    return [*events, _event("FAIL" if failed else "COMPLETE", now, whole, job)]


def _stage_events(node: Node, experiment: str, store: Store, now: datetime, above: Event) -> list[Event]:
    manifest = node.manifest
    facets = {
        "parent": above,
        "equipoise_stage": _own_facet(
            "StageFacet", key=manifest.key if manifest else "", state=node.state, why=list(node.why)
        ),
    }
    if node.error is not None:
        facets["errorMessage"] = _facet("ErrorMessageRunFacet", message=str(node.error), programmingLanguage="Python")
    run = {"runId": str(uuid.uuid4()), "facets": facets}
    job = _job(f"{experiment}.{node.label}", "TASK")
    read = [_named(store, parent.stage, parent.key) for parent in manifest.parents] if manifest else []
    inputs = [each | {"facets": {}, "inputFacets": {}} for each in {each["name"]: each for each in read}.values()]
    outputs = [_output(manifest, store)] if manifest else []
    ran = manifest if node.state == "ran" else None
    ended = ran.created if ran else now
    started = ended - timedelta(seconds=ran.seconds) if ran else now
    end = {"failed": "FAIL", "blocked": "ABORT"}.get(node.state, "COMPLETE")
    return [_event("START", started, run, job, inputs), _event(end, ended, run, job, inputs, outputs)]


def _event(
    kind: str, moment: datetime, run: Event, job: Event, inputs: Sequence[Event] = (), outputs: Sequence[Event] = ()
) -> Event:
    return {"eventType": kind, "eventTime": moment.isoformat(), "run": run, "job": job, "inputs": list(inputs),
            "outputs": list(outputs), "producer": PRODUCER, "schemaURL": _EVENT}  # fmt: skip


def _facet(kind: str, **fields: object) -> Event:
    """A facet of the specification's; what is None is left out."""
    schema = f"{_SPECIFICATION}/facets/{_FACETS[kind]}/{kind}.json#/$defs/{kind}"
    return _present(fields) | {"_producer": PRODUCER, "_schemaURL": schema}


def _own_facet(kind: str, **fields: object) -> Event:
    """A facet of this project's."""
    return _present(fields) | {"_producer": PRODUCER, "_schemaURL": f"{PRODUCER}:{kind}"}


def _present(fields: Mapping[str, object]) -> Event:
    return {name: value for name, value in fields.items() if value is not None}


def _job(name: str, kind: str) -> Event:
    facet = _facet("JobTypeJobFacet", processingType="BATCH", integration="EQUIPOISE", jobType=kind)
    return {"namespace": NAMESPACE, "name": name, "facets": {"jobType": facet}}


def _named(store: Store, stage: str, key: str) -> Event:
    """A dataset's namespace and name; what lies outside the store is known by its content alone."""
    if stage == "external":
        return {"namespace": NAMESPACE, "name": f"external/{key}"}
    return {"namespace": "file", "name": str(store.directory(stage, key).absolute())}


def _output(manifest: Manifest, store: Store) -> Event:
    facets = {"version": _facet("DatasetVersionDatasetFacet", datasetVersion=manifest.digest)}
    if fields := _columns(manifest, store):
        facets["schema"] = _facet("SchemaDatasetFacet", fields=fields)
    statistics = _facet(
        "OutputStatisticsOutputDatasetFacet",
        rowCount=rows_of(manifest),
        size=manifest.bytes,
        fileCount=len(manifest.files),
    )
    own = {"outputStatistics": statistics}
    if manifest.stage in ("balance", "realise"):
        own["equipoise_selection"] = _selection(manifest.stats)
    return _named(store, manifest.stage, manifest.key) | {"facets": facets, "outputFacets": own}


def _columns(manifest: Manifest, store: Store) -> list[Event]:
    """The columns of the first Parquet file; none where it is gone."""
    first = next((file.path for file in manifest.files if file.path.endswith(".parquet")), None)
    path = store.directory(manifest.stage, manifest.key) / (first or "")
    if not path.is_file():
        return []
    return [{"name": each.name, "type": str(each.type), "fields": []} for each in read_schema(path)]


def _selection(stats: Mapping[str, Any]) -> Event:
    """How a selection's keywords lie: sizes in rows, total variation as a share of the mass."""
    return _own_facet(
        "SelectionFacet",
        size=stats.get("size"),
        effectiveSampleSize=stats.get("effective_sample_size"),
        totalVariation=stats.get("total_variation"),
        totalVariationBefore=stats.get("total_variation_before"),
    )

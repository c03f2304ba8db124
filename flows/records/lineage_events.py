"""A run's lineage as OpenLineage events: for catalogues such as Marquez, DataHub or Egeria.

Every run writes `openlineage.ndjson` beside its `lineage.json`. Where OpenLineage's own variables say so
(`OPENLINEAGE_URL`, or a transport in `openlineage.yml` or `OPENLINEAGE_CONFIG`), the events go there, too. An output is
a dataset, `file:<store>/<stage>/<key>`; its version is its digest. A balanced selection's effective sample size and its
distance from the target are a facet of their own.

Source: the OpenLineage specification, version 2-0-2.
"""

import logging
import os
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import attr
from openlineage.client.client import OpenLineageClient
from openlineage.client.event_v2 import InputDataset, Job, OutputDataset, Run, RunEvent, RunState
from openlineage.client.facet_v2 import (
    DatasetFacet,
    OutputDatasetFacet,
    RunFacet,
    dataset_version_dataset,
    error_message_run,
    job_type_job,
    output_statistics_output_dataset,
    parent_run,
    schema_dataset,
)
from openlineage.client.serde import Serde
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


@attr.define
class SelectionFacet(OutputDatasetFacet):
    """How a selection's keywords lie: sizes in rows, total variation as a share of the mass."""

    size: int | None = attr.field(default=None)
    effectiveSampleSize: float | None = attr.field(default=None)  # noqa: N815  the specification's style
    totalVariation: float | None = attr.field(default=None)  # noqa: N815
    totalVariationBefore: float | None = attr.field(default=None)  # noqa: N815

    @staticmethod
    def _get_schema() -> str:
        return f"{PRODUCER}:SelectionFacet"


@attr.define
class StageFacet(RunFacet):
    """Whether a stage ran or its output was reused, under which key, and why."""

    key: str = attr.field(default="")
    state: str = attr.field(default="")
    why: list[str] = attr.field(factory=list)
    _additional_skip_redact: ClassVar[list[str]] = ["key", "state", "why"]

    @staticmethod
    def _get_schema() -> str:
        return f"{PRODUCER}:StageFacet"


def publish_events(config: Experiment, verb: Verb, nodes: Sequence[Node]) -> None:
    """Write the run's events beside its lineage, and send them where OpenLineage is configured to go.

    A consumer that does not answer costs the run a warning, and nothing else.
    """
    events = run_events(config, verb, nodes)
    path = config.results(verb) / EVENTS  # a part's lie beside its lineage, and leave the whole's alone
    write_whole(path, "".join(f"{Serde.to_json(event)}\n" for event in events))
    if not any(os.environ.get(name) for name in _ELSEWHERE) and not Path("openlineage.yml").is_file():
        return
    try:
        client = OpenLineageClient()
        for event in events:
            client.emit(event)
        client.close()
    except Exception as error:
        logging.getLogger("equipoise").warning(
            "OpenLineage's consumer took not all events (%s); they are in %s", error, path
        )


def run_events(config: Experiment, verb: Verb, nodes: Sequence[Node]) -> list[RunEvent]:
    """A START and an end for the run itself and for every stage run; blocked ones are aborted."""
    now = datetime.now(UTC)
    whole = Run(runId=str(uuid.uuid4()))
    job = Job(namespace=NAMESPACE, name=f"{config.name}.{verb}", facets=_kind("PIPELINE"))
    failed = any(node.state == "failed" for node in nodes)
    store = Store(config.runtime.store)
    events = [_event(RunState.START, now, whole, job)]
    for node in nodes:
        events += _stage_events(node, config.name, store, now, (whole, job))
    return [*events, _event(RunState.FAIL if failed else RunState.COMPLETE, now, whole, job)]


def _stage_events(node: Node, experiment: str, store: Store, now: datetime, parent: tuple[Run, Job]) -> list[RunEvent]:
    manifest = node.manifest
    above = parent_run.ParentRunFacet(
        run=parent_run.Run(runId=parent[0].runId),
        job=parent_run.Job(namespace=parent[1].namespace, name=parent[1].name),
        producer=PRODUCER,
    )
    facets: dict[str, RunFacet] = {
        "parent": above,
        "equipoise_stage": StageFacet(
            key=manifest.key if manifest else "", state=node.state, why=list(node.why), producer=PRODUCER
        ),
    }
    if node.error is not None:
        facets["errorMessage"] = error_message_run.ErrorMessageRunFacet(
            message=str(node.error), programmingLanguage="Python", producer=PRODUCER
        )
    run = Run(runId=str(uuid.uuid4()), facets=facets)
    job = Job(namespace=NAMESPACE, name=f"{experiment}.{node.label}", facets=_kind("TASK"))
    inputs = [InputDataset(*_named(store, parent.stage, parent.key)) for parent in manifest.parents] if manifest else []
    inputs = list({each.name: each for each in inputs}.values())
    outputs = [_output(manifest, store)] if manifest else []
    ran = manifest if node.state == "ran" else None
    ended = ran.created if ran else now
    started = ended - timedelta(seconds=ran.seconds) if ran else now
    end = {"failed": RunState.FAIL, "blocked": RunState.ABORT}.get(node.state, RunState.COMPLETE)
    return [
        _event(RunState.START, started, run, job, inputs=inputs),
        _event(end, ended, run, job, inputs=inputs, outputs=outputs),
    ]


def _event(state: RunState, moment: datetime, run: Run, job: Job, **datasets: Any) -> RunEvent:  # noqa: ANN401  both kinds
    return RunEvent(eventType=state, eventTime=moment.isoformat(), run=run, job=job, producer=PRODUCER, **datasets)


def _kind(kind: str) -> dict[str, Any]:
    facet = job_type_job.JobTypeJobFacet(
        processingType="BATCH", integration="EQUIPOISE", jobType=kind, producer=PRODUCER
    )
    return {"jobType": facet}


def _named(store: Store, stage: str, key: str) -> tuple[str, str]:
    """A dataset's namespace and name; what lies outside the store is known by its content alone."""
    if stage == "external":
        return NAMESPACE, f"external/{key}"
    return "file", str(store.directory(stage, key).absolute())


def _output(manifest: Manifest, store: Store) -> OutputDataset:
    namespace, name = _named(store, manifest.stage, manifest.key)
    facets: dict[str, DatasetFacet] = {
        "version": dataset_version_dataset.DatasetVersionDatasetFacet(manifest.digest, producer=PRODUCER)
    }
    if fields := _columns(manifest, store):
        facets["schema"] = schema_dataset.SchemaDatasetFacet(fields=fields, producer=PRODUCER)
    statistics = output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet(
        rowCount=rows_of(manifest), size=manifest.bytes, fileCount=len(manifest.files), producer=PRODUCER
    )
    own: dict[str, OutputDatasetFacet] = {"outputStatistics": statistics}
    if manifest.stage in ("balance", "realise"):
        own["equipoise_selection"] = _selection(manifest.stats)
    return OutputDataset(namespace, name, facets=facets, outputFacets=own)


def _columns(manifest: Manifest, store: Store) -> list[schema_dataset.SchemaDatasetFacetFields]:
    """The columns of the first Parquet file; none where it is gone."""
    first = next((file.path for file in manifest.files if file.path.endswith(".parquet")), None)
    path = store.directory(manifest.stage, manifest.key) / (first or "")
    if not path.is_file():
        return []
    return [schema_dataset.SchemaDatasetFacetFields(name=each.name, type=str(each.type)) for each in read_schema(path)]


def _selection(stats: Mapping[str, Any]) -> SelectionFacet:
    return SelectionFacet(
        size=stats.get("size"),
        effectiveSampleSize=stats.get("effective_sample_size"),
        totalVariation=stats.get("total_variation"),
        totalVariationBefore=stats.get("total_variation_before"),
        producer=PRODUCER,
    )

"""OpenLineage events: valid, complete, and read by a consumer of Marquez's shape."""

import importlib
import json
import pkgutil
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import attr
import pytest
from jsonschema import Draft202012Validator, FormatChecker
from openlineage.client.event_v2 import InputDataset, Job, OutputDataset, Run, RunEvent, RunState
from openlineage.client.facet_v2 import OutputDatasetFacet, RunFacet
from openlineage.client.serde import Serde

from flows.config.pipeline import PipelineConfig, load_config
from flows.engine.here import LocalEngine
from flows.records.lineage_events import EVENTS, PRODUCER, publish_events
from flows.run import run_here
from tests.flows.conftest import edit
from tests.flows.engine.test_engine import graph

URI = {"type": "string", "format": "uri", "pattern": "^[a-z][a-z0-9+.-]*:"}
FACETS = {
    "type": "object",
    "additionalProperties": {
        "type": "object", "required": ["_producer", "_schemaURL"], "properties": {"_producer": URI, "_schemaURL": URI},
    },
}  # fmt: skip
NAMED = {
    "type": "object", "required": ["namespace", "name"],
    "properties": {"namespace": {"type": "string", "minLength": 1}, "name": {"type": "string", "minLength": 1},
                   "facets": FACETS, "inputFacets": FACETS, "outputFacets": FACETS},
}  # fmt: skip
RUN_EVENT = {  # what specification 2-0-2 asks of a run event
    "type": "object",
    "required": ["eventTime", "producer", "schemaURL", "run", "job"],
    "properties": {
        "eventType": {"enum": ["START", "RUNNING", "COMPLETE", "ABORT", "FAIL", "OTHER"]},
        "eventTime": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$"},
        "producer": URI,
        "schemaURL": {"type": "string", "pattern": r"/spec/2-0-2/OpenLineage\.json#/\$defs/RunEvent$"},
        "run": {
            "type": "object", "required": ["runId"],
            "properties": {"runId": {"type": "string", "pattern": "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"},
                           "facets": FACETS},
        },
        "job": NAMED,
        "inputs": {"type": "array", "items": NAMED},
        "outputs": {"type": "array", "items": NAMED},
    },
}  # fmt: skip
VALIDATOR = Draft202012Validator(RUN_EVENT, format_checker=FormatChecker())


@attr.define
class SelectionFacet(OutputDatasetFacet):
    """This project's facet of a selection, as the client would have it declared."""

    size: int | None = attr.field(default=None)
    effectiveSampleSize: float | None = attr.field(default=None)  # noqa: N815  the specification's style
    totalVariation: float | None = attr.field(default=None)  # noqa: N815
    totalVariationBefore: float | None = attr.field(default=None)  # noqa: N815

    @staticmethod
    def _get_schema() -> str:
        return f"{PRODUCER}:SelectionFacet"


@attr.define
class StageFacet(RunFacet):
    """This project's facet of a stage run."""

    key: str = attr.field(default="")
    state: str = attr.field(default="")
    why: list[str] = attr.field(factory=list)

    @staticmethod
    def _get_schema() -> str:
        return f"{PRODUCER}:StageFacet"


class Catalogue:
    """What Marquez keeps of events: jobs, runs with their last state, datasets with versions, and who reads whom."""

    def __init__(self) -> None:
        self.runs: dict[str, list[str]] = {}
        self.jobs: dict[str, str] = {}
        self.reads: dict[str, set[str]] = {}
        self.writes: dict[str, set[str]] = {}
        self.datasets: dict[str, dict[str, Any]] = {}

    def take(self, event: dict[str, Any]) -> None:
        VALIDATOR.validate(event)
        job, run = event["job"]["name"], event["run"]["runId"]
        self.jobs[run] = job
        self.runs.setdefault(run, []).append(event["eventType"])
        self.reads.setdefault(job, set()).update(each["name"] for each in event.get("inputs", []))
        self.writes.setdefault(job, set()).update(each["name"] for each in event.get("outputs", []))
        for each in event.get("outputs", []):
            self.datasets[each["name"]] = each


@pytest.fixture(scope="module")
def curated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[PipelineConfig, Catalogue]]:
    """The small experiment's curation, its events sent by HTTP."""
    import yaml

    from tests.flows.conftest import SMALL

    catalogue, folder = Catalogue(), tmp_path_factory.mktemp("openlineage")

    class Marquez(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.path == "/api/v1/lineage"
            catalogue.take(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(201)
            self.end_headers()

        def log_message(self, *words: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Marquez)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    values = SMALL | {"output": str(folder / "run"), "store": str(folder / "store"), "training": None, "encoder": None,
                      "geometry": None, "evaluation": None}  # fmt: skip
    (folder / "small.yaml").write_text(yaml.safe_dump(values))
    config = load_config(folder / "small.yaml")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OPENLINEAGE_URL", f"http://127.0.0.1:{server.server_port}")
        run_here(config, "curate", announce=lambda line: None)
    server.shutdown()
    server.server_close()
    yield config, catalogue


def test_the_catalogue_knows_what_lineage_json_knows(curated: tuple[PipelineConfig, Catalogue]) -> None:
    config, catalogue = curated
    lineage = json.loads((config.folder / "lineage.json").read_text())
    store = config.runtime.store.absolute()
    place = {node["key"]: str(store / node["stage"] / node["key"]) for node in lineage["nodes"]}
    labels = {node["key"]: f"small.{node['label']}" for node in lineage["nodes"]}
    assert set(catalogue.jobs.values()) == {*labels.values(), "small.curate"}
    assert all(states == ["START", "COMPLETE"] for states in catalogue.runs.values())
    assert {(edge["from"], edge["to"]) for edge in lineage["edges"]} == {
        (start, end) for start in place for end, label in labels.items() if place[start] in catalogue.reads[label]
    }
    for node in lineage["nodes"]:
        written = catalogue.datasets[place[node["key"]]]
        assert written["facets"]["version"]["datasetVersion"] == node["digest"]
        assert written["outputFacets"]["outputStatistics"].get("rowCount") == node["rows"]


def test_a_selection_says_its_sample_size_and_its_distance(curated: tuple[PipelineConfig, Catalogue]) -> None:
    config, catalogue = curated
    lineage = json.loads((config.folder / "lineage.json").read_text())
    (realised,) = (node for node in lineage["nodes"] if node["stage"] == "realise")
    written = catalogue.datasets[str(config.runtime.store.absolute() / "realise" / realised["key"])]
    facet = written["outputFacets"]["equipoise_selection"]
    assert facet["effectiveSampleSize"] == realised["stats"]["effective_sample_size"] > 1
    assert facet["totalVariation"] == realised["stats"]["total_variation"]
    assert {"text", "realised"} <= {field["name"] for field in written["facets"]["schema"]["fields"]}


def test_the_file_holds_the_same_events(curated: tuple[PipelineConfig, Catalogue]) -> None:
    config, catalogue = curated
    again = Catalogue()
    for line in (config.folder / EVENTS).read_text().splitlines():
        again.take(json.loads(line))
    assert again.datasets == catalogue.datasets and again.runs == catalogue.runs


def test_a_failure_fails_its_run_aborts_what_waited_and_a_dead_consumer_costs_nothing(
    small: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    config = load_config(edit(small, name="failing"))
    engine = LocalEngine(config.runtime, parallel=1)
    graph(engine, 1, -2)
    monkeypatch.setenv("OPENLINEAGE__TRANSPORT__TYPE", "no such transport")
    publish_events(config, "curate", engine.finish())
    assert "took not all events" in caplog.text
    catalogue = Catalogue()
    for line in (config.results("curate") / EVENTS).read_text().splitlines():
        catalogue.take(json.loads(line))
    ended = {catalogue.jobs[run]: states[-1] for run, states in catalogue.runs.items()}
    assert ended == {
        "failing.number 1": "COMPLETE", "failing.number -2": "FAIL", "failing.total": "ABORT", "failing.curate": "FAIL",
    }  # fmt: skip
    assert "ErrorMessageRunFacet" in kinds(config.results("curate") / EVENTS)


def test_a_checkout_that_is_not_installed_has_a_producer_too(monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib

    from flows.records import lineage_events, reproduction

    def absent(name: str) -> str:
        raise reproduction.PackageNotFoundError(name)

    with monkeypatch.context() as patched:
        patched.setattr(reproduction, "version", absent)
        assert importlib.reload(lineage_events).PRODUCER == "urn:equipoise:unknown"
    assert importlib.reload(lineage_events).PRODUCER != "urn:equipoise:unknown"


def client_classes() -> dict[str, type]:
    """Every class that OpenLineage's own client generates from the specification's schemas, by name."""
    from openlineage.client import facet_v2, generated

    modules = [
        importlib.import_module(f"{generated.__name__}.{each.name}")
        for each in pkgutil.iter_modules(generated.__path__)
    ]
    found = {
        name: each for module in (facet_v2, *modules) for name, each in vars(module).items() if isinstance(each, type)
    }
    return {name: each for name, each in found.items() if hasattr(each, "__attrs_attrs__")}


def rebuilt(facets: dict[str, Any], classes: dict[str, type]) -> dict[str, str]:
    """Facets made again by the classes that their schemas name, which refuse a field that lacks or is not theirs."""
    own = {"SelectionFacet": SelectionFacet, "StageFacet": StageFacet}
    seen = {}
    for facet in facets.values():
        kind = facet["_schemaURL"].replace(":", "/").rpartition("/")[2]
        fields = {name: value for name, value in facet.items() if not name.startswith("_")}
        made = (classes | own)[kind](**fields, producer=facet["_producer"])
        assert Serde.to_dict(made) == facet
        seen[kind] = facet["_schemaURL"]
    return seen


def kinds(path: Path) -> set[str]:
    """The kinds of facets in a file of events, each of which the client's own classes make the same of."""
    classes, seen = client_classes(), {}
    for line in path.read_text().splitlines():
        event = json.loads(line)
        run, job = Run(**event["run"]), Job(**event["job"])  # they judge ids themselves, and the event its time
        again = RunEvent(
            eventType=RunState[event["eventType"]], eventTime=event["eventTime"], run=run, job=job,
            producer=event["producer"], inputs=[InputDataset(**each) for each in event["inputs"]],
            outputs=[OutputDataset(**each) for each in event["outputs"]],
        )  # fmt: skip
        assert json.loads(Serde.to_json(again)) == event
        for facets in (run.facets, job.facets, *(each.facets for each in (*again.inputs, *again.outputs))):
            seen |= rebuilt(facets, classes)
        for output in again.outputs:
            seen |= rebuilt(output.outputFacets, classes)
    return set(seen)


def test_every_event_and_facet_is_what_the_client_s_own_classes_make_of_it(
    curated: tuple[PipelineConfig, Catalogue],
) -> None:
    everywhere = {"JobTypeJobFacet", "ParentRunFacet", "StageFacet"}
    outputs = {"SchemaDatasetFacet", "DatasetVersionDatasetFacet", "OutputStatisticsOutputDatasetFacet"}
    assert kinds(curated[0].folder / EVENTS) == everywhere | outputs | {"SelectionFacet"}

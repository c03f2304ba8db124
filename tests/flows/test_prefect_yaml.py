"""`prefect.yaml`: every deployment loads, its parameters validate, its configuration exists; and forms of flows.

No server is needed: whatever a person can choose in a form is taken, or refused by a sentence about its content.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from prefect.events.schemas.deployment_triggers import DeploymentEventTrigger
from prefect.flows import load_flow_from_entrypoint
from prefect.utilities.schema_tools.validation import preprocess_schema, validate
from pydantic import ValidationError

from flows.commands.serving.deploy import CONFIG_OF_EVENT, verbs_of
from flows.config.pipeline import PipelineConfig, load_experiment
from flows.config.selfsupervised import SelfSupervisedExperiment
from flows.following import EVENTS, announcement
from flows.naming import run_tags
from flows.pipeline import FLOWS
from flows.verbs import Verb
from storage.config import Config
from tests.flows.conftest import SMALL
from tests.flows.forms import Form
from tests.paths import ROOT

SCENES = {"kind": "scenes", "rows": 240}
SHOWN: dict[type[Config], dict[str, Any]] = {
    PipelineConfig: SMALL | {
        "name": "small",
        "screening": {"deduplicate": {"near": None}},
        "evaluation": {"benchmarks": [{"name": "shape", "path": "shape"}]},
    },
    SelfSupervisedExperiment: {
        "name": "small", "sources": [SCENES], "selfsupervised": {}, "probe": {"test": [SCENES | {"seed": 1}]},
    },
}  # fmt: skip
"""What the form shows when it is opened: a configuration that runs."""

DEPLOYMENTS = yaml.safe_load((ROOT / "prefect.yaml").read_text(encoding="utf-8"))["deployments"]


@pytest.mark.parametrize("deployment", DEPLOYMENTS, ids=lambda each: each["entrypoint"].rpartition(":")[2])
def test_deployment(deployment: dict, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    flow = load_flow_from_entrypoint(deployment["entrypoint"])
    assert flow.name == deployment["entrypoint"].rpartition(":")[2]
    assert flow.validate_parameters(deployment["parameters"])["config"] == Path(deployment["parameters"]["config"])
    assert Path(deployment["parameters"]["config"]).is_file()
    assert deployment["work_pool"]["name"] == "local"


def test_the_followers_are_those_of_the_deploy_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    config = load_experiment(Path("configs/demo.yaml"))
    written = {each["entrypoint"].rpartition(":")[2]: each for each in DEPLOYMENTS if each["name"] == "demo"}
    verbs = verbs_of(config)
    assert written.keys() == verbs.keys()
    for verb, before in verbs.items():
        assert written[verb]["tags"] == run_tags("demo", verb)
        triggers = [DeploymentEventTrigger.model_validate(each) for each in written[verb].get("triggers", [])]
        assert len(triggers) == (before is not None)
        for trigger in triggers:
            assert trigger.expect == {EVENTS[before]} and trigger.parameters == CONFIG_OF_EVENT  # type: ignore[index]
            event = announcement(config, before, "d", deployment=None)  # type: ignore[arg-type]
            assert trigger.match["prefect.resource.id"] == [event["resource"]["prefect.resource.id"]]


@pytest.mark.parametrize("verb", ["pipeline", "selfsupervise"])
def test_the_form_loses_no_description_and_has_no_raw_box(verb: Verb) -> None:
    def parts(schema: object, where: str = "") -> Iterator[tuple[str, dict]]:
        children = schema.items() if isinstance(schema, dict) else enumerate(schema) if isinstance(schema, list) else ()
        if isinstance(schema, dict):
            yield where, schema
        for name, child in children:
            yield from parts(child, f"{where}.{name}")

    found = list(parts(FLOWS[verb].parameters.model_dump_for_openapi()))
    assert len(found) > 100
    assert [where for where, part in found if set("<>") & set(str(part.get("description", "")))] == []  # vanish as HTML
    assert [where for where, part in found if "oneOf" in part] == []  # shown as a box of JSON
    fields = {where: part for where, part in found if where.rpartition(".")[0].endswith(".properties")}
    assert [where for where, part in fields.items() if not part.get("title")] == []  # else called Field


def test_the_form_shows_nested_settings_with_descriptions() -> None:
    from flows.pipeline import pipeline

    schema = pipeline.parameters.model_dump_for_openapi()
    rake = schema["definitions"]["RakeConfig"]["properties"]
    assert rake["steps"]["description"]
    assert "capped" in str(schema["definitions"]["CappedTarget"])


def test_the_form_loses_no_word_of_a_description() -> None:
    """Prefect's form takes descriptions for HTML: what stands between angle brackets would vanish."""

    def described(value: object) -> Iterator[str]:
        if isinstance(value, dict):
            yield from (text for text in (value.get("description"), value.get("title")) if isinstance(text, str))
        children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        for child in children:
            yield from described(child)

    for verb, each in FLOWS.items():
        words = list(described(each.parameters.model_dump_for_openapi()))
        assert len(words) > 100, verb
        assert not [text for text in words if "<" in text], verb


def test_no_section_of_the_form_is_a_box_of_raw_json() -> None:
    """The form draws a section where a field refers to one model or to any of several; anything else is raw JSON."""
    schema = FLOWS["pipeline"].parameters.model_dump_for_openapi()
    fields = schema["definitions"]["PipelineConfig"]["properties"]
    for name in ("balancing", "resampling", "curated", "matching", "report", "checks"):
        assert "$ref" in fields[name] or all("$ref" in each for each in fields[name]["anyOf"]), name
    assert "oneOf" not in str(schema) and "allOf" not in str(schema) and "patternProperties" not in str(schema)


@pytest.mark.parametrize(("verb", "model"), [("pipeline", PipelineConfig), ("selfsupervise", SelfSupervisedExperiment)])
def test_every_choice_is_taken_or_refused_by_a_sentence(verb: Verb, model: type[Config]) -> None:
    schema = FLOWS[verb].parameters.model_dump_for_openapi()
    form, config = Form(schema), schema["definitions"][model.__name__]
    asked = preprocess_schema(schema | {"properties": config["properties"], "required": []})
    taken, refused = 0, []
    for path in form.choices(config):
        sent = form.filled({**config, "default": SHOWN[model]}, path)
        changed = {path[0]: sent[path[0]]}  # the server holds what is sent against the schema before a worker sees it
        assert [error.message for error in validate(changed, asked, preprocess=False)] == [], path
        try:
            model.model_validate(sent)
            taken += 1
        except ValidationError as error:
            refused += [(path, each) for each in error.errors() if each["type"] != "value_error"]
    # A list whose one item is refused is also called too short.
    assert [each for each in refused if each[1]["type"] != "too_short"] == []
    assert taken > (150 if model is PipelineConfig else 50)


def test_benchmarks_by_name_alone_can_be_sent() -> None:
    """A form sends the empty list of `benchmarks` beside them."""
    schema = FLOWS["pipeline"].parameters.model_dump_for_openapi()
    evaluation = {"root": "sets", "names": ["cifar10"], "benchmarks": []}
    sent = {"config": SHOWN[PipelineConfig] | {"evaluation": evaluation}}
    assert validate(sent, schema, preprocess=True) == []
    found = FLOWS["pipeline"].validate_parameters(sent)["config"]
    assert [item.name for item in found.evaluation.benchmarks] == ["cifar10"]

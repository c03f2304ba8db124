"""The forms of Prefect's pages: whatever a person can choose is taken, or refused by a sentence about its content."""

from typing import Any

import pytest
from prefect.utilities.schema_tools.validation import preprocess_schema, validate
from pydantic import ValidationError

from flows.config.pipeline import PipelineConfig
from flows.config.selfsupervised import SelfSupervisedExperiment
from flows.pipeline import FLOWS
from flows.verbs import Verb
from storage.config import Config
from tests.flows.conftest import SMALL
from tests.flows.forms import Form

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

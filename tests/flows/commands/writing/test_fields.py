"""The reference and the schema say what the models check."""

import json

import pytest
import yaml
from typer.testing import CliRunner

from flows.command import app
from flows.commands.writing.fields import json_schema, reference
from storage.errors import InputError
from tasks.checks import Checks
from tests.paths import ROOT


def lines(section: str) -> dict[str, tuple[str, str]]:
    return {line.name: (line.takes, line.default) for line in reference(section, deep=True)}


def test_a_section_is_told_with_values_bounds_and_defaults() -> None:
    found = lines("balancing")
    assert found["balancing"] == ("rake | calibrate | threshold", "{}")
    assert found["balancing(threshold).t"] == ("number | null > 0", "null")
    assert found["balancing(rake).initial"] == ("rows | pairs", "rows")
    assert found["balancing(rake).target(capped).t"] == ("number > 0", "20.0")
    assert lines("training.seeds")["training.seeds"] == ("list of whole number length ≥ 1", "[0, 1, 2]")
    assert lines("sources.rows")["sources[](scenes).rows"][0] == "whole number ≥ 1, ≤ 10000000"


def test_the_top_has_every_field_once_and_no_section_is_without_words() -> None:
    top = [line.name for line in reference("", deep=False)]
    assert {"name", "sources", "balancing", "selfsupervised"} <= set(top) and len(top) == len(set(top))
    assert all(line.description for line in reference("", deep=False))


def test_what_is_not_there_is_said_with_what_is_near() -> None:
    with pytest.raises(InputError, match=r"did you mean balancing\.target"):
        list(reference("balancing.targett", deep=True))


def test_the_command_prints_a_table_json_or_a_schema() -> None:
    runner = CliRunner()
    printed = runner.invoke(app, ["fields"]).stdout
    assert "balancing" in printed and "--schema makes a JSON Schema" in printed
    found = json.loads(runner.invoke(app, ["fields", "resampling", "--json"]).stdout)
    assert found[0]["name"] == "resampling"
    assert json.loads(runner.invoke(app, ["fields", "--schema"]).stdout) == json_schema()


@pytest.mark.parametrize("path", sorted((ROOT / "configs").glob("*.yaml")), ids=lambda path: path.name)
def test_every_example_fits_the_schema_and_a_fault_does_not(path) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    validator = jsonschema.Draft202012Validator(json_schema())
    values = yaml.safe_load(path.read_text())
    assert not list(validator.iter_errors(values))
    assert list(validator.iter_errors(values | {"sourcess": 1}))
    assert list(validator.iter_errors(values | {"workers": "many"}))


def test_a_default_is_that_of_its_place() -> None:
    """A section may be other by default than its class: 1e-4 to fine-tune, where training begins with 2e-3."""
    known = {line.name: line.default for line in reference("", deep=True)}
    assert known["training.settings.optimiser.learning_rate"] == "0.002"
    assert known["training.finetune.settings.optimiser.learning_rate"] == "0.0001"
    assert (known["checks.ingest.rows.least"], known["checks.ingest.rows.severity"]) == ("1.0", "error")
    assert known["sources"] == known["metadata"] == "(required)"
    limits = Checks().model_dump(mode="json")
    shown = [name.split(".")[1:] for name in known if name.startswith("checks.") and name.count(".") == 3]
    assert len(shown) > 20
    for room, check, field in shown:
        assert known[f"checks.{room}.{check}.{field}"] == json.dumps(limits[room][check][field]).replace('"', "")

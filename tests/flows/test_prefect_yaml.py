"""`prefect.yaml`: every deployment loads, its parameters validate, its configuration exists. No server needed."""

from pathlib import Path

import pytest
import yaml
from prefect.flows import load_flow_from_entrypoint

from tests.paths import ROOT

DEPLOYMENTS = yaml.safe_load((ROOT / "prefect.yaml").read_text(encoding="utf-8"))["deployments"]


@pytest.mark.parametrize("deployment", DEPLOYMENTS, ids=lambda deployment: deployment["name"])
def test_deployment(deployment: dict, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    flow = load_flow_from_entrypoint(deployment["entrypoint"])
    assert flow.name == deployment["entrypoint"].rpartition(":")[2]
    assert flow.validate_parameters(deployment["parameters"])["config"] == Path(deployment["parameters"]["config"])
    assert Path(deployment["parameters"]["config"]).is_file()
    assert deployment["work_pool"]["name"] == "local"


def test_the_form_shows_nested_settings_with_descriptions() -> None:
    from flows.pipeline import pipeline

    schema = pipeline.parameters.model_dump_for_openapi()
    rake = schema["definitions"]["RakeConfig"]["properties"]
    assert rake["steps"]["description"]
    assert "capped" in str(schema["definitions"]["CappedTarget"])

"""A flow's form is made late, and is the one that Prefect makes at once."""

import subprocess
import sys
from copy import copy

import cloudpickle
from prefect import flow
from pydantic import BaseModel, Field

from flows.late_form import LateForm
from tests.paths import ROOT


class Settings(BaseModel):
    """Of a flow."""

    t: int = Field(default=20, ge=1, description="captions per keyword")


def double(config: Settings) -> int:
    """Twice t."""
    return 2 * config.t


def test_the_form_is_the_same_and_made_when_it_is_asked_for() -> None:
    late = LateForm(double, name="double")
    assert "parameters" not in vars(late)
    for each in (late, copy(late), late.with_options(name="another"), cloudpickle.loads(cloudpickle.dumps(late))):
        assert each.parameters == flow(double).parameters
    assert "parameters" in vars(late)


def test_parameters_are_cast_as_ever() -> None:
    assert LateForm(double).validate_parameters({"config": {"t": 3}}) == {"config": Settings(t=3)}


def test_importing_the_flows_makes_no_form() -> None:
    code = (
        "from flows.pipeline import FLOWS; print([name for name, each in FLOWS.items() if 'parameters' in vars(each)])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.stdout.strip() == "[]", done.stderr

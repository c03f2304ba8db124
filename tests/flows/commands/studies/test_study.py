"""`equipoise study`: every study leaves a figure and its numbers."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from flows.commands.studies.study import studies


@pytest.mark.parametrize(
    "study",
    [
        ["baselines", "--repetitions", "40"],
        ["illustration", "--steps", "2"],
    ],
)
def test_a_study_leaves_a_figure_and_numbers(tmp_path: Path, study: list[str]) -> None:
    done = CliRunner().invoke(studies, [*study, "--to", str(tmp_path)])
    assert done.exit_code == 0, done.output
    assert (tmp_path / f"{study[0]}.png").read_bytes().startswith(b"\x89PNG")
    assert json.loads((tmp_path / f"{study[0]}.json").read_text())

"""`equipoise study`: what is no flow leaves a figure and its numbers too."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from flows.commands.studies.study import studies


@pytest.mark.slow
def test_a_study_leaves_a_figure_and_numbers(tmp_path: Path, shared_data: Path) -> None:
    small = ["--seeds", "1", "--steps", "2", "--pictures", "256", "--data", str(shared_data / "cifar10")]
    done = CliRunner().invoke(studies, ["tregs-collapse", *small, "--to", str(tmp_path)])
    assert done.exit_code == 0, done.output
    assert (tmp_path / "tregs-collapse.png").read_bytes().startswith(b"\x89PNG")
    assert json.loads((tmp_path / "tregs-collapse.json").read_text())

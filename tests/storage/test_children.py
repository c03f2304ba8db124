"""Processes of the project find the project, wherever they are started."""

import subprocess
import sys
from pathlib import Path

import pytest

from storage.children import child_environment
from tests.paths import ROOT


@pytest.mark.parametrize("path", ("", ":", "elsewhere:", "."))
def test_a_file_in_the_working_folder_hides_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    for name in ("tasks", "storage", "flows", "logging"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('this is not the project')\n")
    monkeypatch.setenv("PYTHONPATH", path)
    program = [sys.executable, "-c", "import tasks, storage.errors, flows; print(storage.errors.__file__)"]
    if path == ".":  # asked for by name: it comes after the project, but before the standard library
        (tmp_path / "logging.py").unlink()
    told = subprocess.run(program, cwd=tmp_path, env=child_environment(), capture_output=True, text=True)
    assert told.stdout.strip() == str(ROOT / "storage" / "errors.py"), told.stderr


def test_settings_come_on_top(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EQUIPOISE_TEST", "before")
    assert child_environment(EQUIPOISE_TEST="after")["EQUIPOISE_TEST"] == "after"
    assert child_environment()["EQUIPOISE_TEST"] == "before"

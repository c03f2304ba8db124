"""Imports beside the work: what is asked for is loaded, what cannot be is left to its importer."""

import subprocess
import sys
from pathlib import Path

import pytest

from storage.caching.ahead import import_ahead
from tests.paths import ROOT


def test_modules_are_loaded_in_order_past_those_that_fail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "ahead_fails.py").write_text("raise RuntimeError('not here')\n")
    (tmp_path / "ahead_works.py").write_text("loaded = True\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    import_ahead(["ahead_absent", "ahead_fails", "ahead_works"]).join()
    assert "ahead_works" in sys.modules and not {"ahead_absent", "ahead_fails"} & set(sys.modules)
    with pytest.raises(RuntimeError, match="not here"):  # whoever needs it meets the fault itself
        __import__("ahead_fails")
    del sys.modules["ahead_works"]


def test_a_process_that_ends_loads_no_more(tmp_path: Path) -> None:
    """The first module waits until the main thread is over; the second is not begun."""
    (tmp_path / "first.py").write_text("import threading\nthreading.main_thread().join()\nprint('first')\n")
    (tmp_path / "second.py").write_text("print('second')\n")
    program = "from storage.caching.ahead import import_ahead; import_ahead(['first', 'second'])"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, timeout=60,
        env={"PYTHONPATH": f"{tmp_path}:{ROOT}"},
    )  # fmt: skip
    assert done.stdout.split() == ["first"], done.stderr

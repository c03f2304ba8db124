"""The compile cache notices edits of any file in the folder."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import tasks.matching.compiled as compiled_module

HELPER = "from compiled import compiled\n\n@compiled\ndef helper(x):\n    return x + {}\n"
USER = "from compiled import compiled\nfrom helper import helper\n\n@compiled\ndef user(x):\n    return helper(x)\n"


@pytest.mark.slow
def test_an_edited_helper_is_compiled_again(tmp_path: Path) -> None:
    shutil.copy(Path(compiled_module.__file__), tmp_path / "compiled.py")
    (tmp_path / "user.py").write_text(USER, encoding="utf-8")
    results = []
    for number in (1, 1, 2):
        (tmp_path / "helper.py").write_text(HELPER.format(number), encoding="utf-8")
        program = "from user import user; print(user(10), sum(user.stats.cache_hits.values()))"
        run = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True)
        results.append(run.stdout.split())
    assert results == [["11", "0"], ["11", "1"], ["12", "0"]]

"""The compile cache notices an edit of any file that a kernel's file imports, in whichever room it lies."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numba
import numpy as np
import pytest

from storage.record.fingerprint import ROOT
from tasks.compiled import FASTMATH, compiled

DEEP = "STEP = {}  # imported as a constant\n"
HELPER = (
    "from tasks.compiled import compiled\nfrom tasks.third.deep import STEP\n\n"
    "@compiled\ndef helper(x):\n    return x + STEP\n"
)
USER = (
    "from tasks.compiled import compiled\nfrom tasks.second.helper import helper\n\n"
    "@compiled\ndef user(x):\n    return helper(x)\n"
)
PROGRAM = """
from contextlib import ExitStack
from storage.progress import followed, is_followed
from tasks.first.user import user
with ExitStack() as stack:
    if {followed}:
        stack.enter_context(followed(lambda done, total, line: None))
    print(user(10), sum(user.stats.cache_hits.values()))
assert not is_followed()
"""


def run_in(folder: Path, program: str) -> tuple[list[str], str]:
    """What a program prints, in words, and what it says on standard error."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("NUMBA_")}
    command = [sys.executable, "-c", program]
    environment["PYTHONPATH"] = str(folder)
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=True)
    return done.stdout.split(), done.stderr


def test_an_edit_two_imports_away_in_another_room_compiles_again(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "storage", tmp_path / "storage", ignore=shutil.ignore_patterns("__pycache__"))
    for room in ("first", "second", "third"):
        (tmp_path / "tasks" / room).mkdir(parents=True)
    shutil.copy(ROOT / "tasks" / "compiled.py", tmp_path / "tasks")
    (tmp_path / "tasks/first/user.py").write_text(USER, encoding="utf-8")
    (tmp_path / "tasks/second/helper.py").write_text(HELPER, encoding="utf-8")
    results = []
    for number, is_followed in ((1, True), (1, True), (2, True), (3, False)):
        (tmp_path / "tasks/third/deep.py").write_text(DEEP.format(number), encoding="utf-8")
        results.append(run_in(tmp_path, PROGRAM.format(followed=is_followed)))
    assert [printed for printed, _ in results] == [["11", "0"], ["11", "1"], ["12", "0"], ["13", "0"]]
    # Told where a run is followed; a notebook that calls a function has no line about it among its outputs.
    assert [said.count("inner loops are compiled for this processor") for _, said in results] == [1, 0, 1, 0]


@pytest.mark.slow
def test_an_edited_list_insertion_reaches_the_tile_search(tmp_path: Path) -> None:
    """The case that was found: yesterday's kernel went on, and its result was published under the new key."""
    for name in ("storage", "tasks"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    program = (
        "import numpy as np; from tasks.geometry.neighbours.knn import knn; "
        "points = np.random.default_rng(0).normal(size=(300, 8)).astype(np.float32); "
        "print(knn(points, 4).positions[0].tolist())"
    )
    before, _ = run_in(tmp_path, program)
    lists = tmp_path / "tasks/geometry/lists.py"
    text = lists.read_text(encoding="utf-8")
    assert text.count("positions[place] = point\n") == 1
    lists.write_text(text.replace("positions[place] = point\n", "positions[place] = 0\n"), encoding="utf-8")
    assert run_in(tmp_path, program)[0] != before


def test_options_reach_numba_and_plain_use_is_ieee() -> None:
    plain = compiled(lambda x: x / 0.0)
    fast = compiled(fastmath=FASTMATH)(lambda x: x + 1.0)
    assert np.isinf(plain(1.0)) and fast(1.0) == 2.0
    assert fast.targetoptions["fastmath"] == set(FASTMATH) and not plain.targetoptions["fastmath"]
    assert isinstance(plain, numba.core.registry.CPUDispatcher) and plain.targetoptions["nogil"]

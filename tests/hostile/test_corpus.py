"""Every hostile input ends as the table says: nothing runs, nothing is written, nothing grows."""

import os
import pickle
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.errors import InputError
from tests.hostile.case import Case, Rows
from tests.hostile.corpus import CORPUS
from tests.hostile.guard import begin, end
from tests.tasks.ingest.conftest import image_bytes

MOST_MEMORY = 400 << 20
"""Bytes that any of these, of 20 MB at most, may take on top; the bombs among them would take gigabytes."""


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """An empty folder to stand in, beside a file that no reader has any business with."""
    (tmp_path / "secret").write_bytes(image_bytes("green"))
    inside = tmp_path / "source"
    inside.mkdir()
    before = Path.cwd()
    os.chdir(inside)
    yield inside
    os.chdir(before)


@pytest.mark.parametrize(
    "case", CORPUS, ids=lambda case: f"{case.kind}: {case.name}".encode("ascii", "replace").decode()
)
def test_outcome(case: Case, folder: Path) -> None:
    try:
        found: Rows | str = case.read(folder)
    except InputError as error:
        found = str(error)
    finally:
        misdeeds, growth = end()
    assert misdeeds == []
    assert growth < MOST_MEMORY
    if case.error is not None:
        assert isinstance(found, str), found
        assert case.error in found
        assert "\n" not in found.strip() and len(found) < 6_000
        return
    assert isinstance(found, Rows), found
    assert found.rejected == case.rejected
    assert len(found.taken) == case.taken if isinstance(case.taken, int) else found.taken == case.taken


class Opens:
    """A pickle that makes a file."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return subprocess.getoutput, ("true",)


def test_the_guard_sees_what_it_is_for(folder: Path) -> None:
    content = pickle.dumps(Opens())
    begin(folder)
    (folder / "written").write_bytes(b"")
    (folder.parent / "secret").read_bytes()
    pickle.loads(content)
    held = bytearray(64 << 20)
    held[::4096] = b"x" * len(held[::4096])
    misdeeds, growth = end()
    seen = "\n".join(misdeeds)
    assert all(what in seen for what in ("written: ", "read outside: ", "pickle.find_class", "subprocess.Popen"))
    assert growth > 32 << 20 or not Path("/proc/self/clear_refs").exists()

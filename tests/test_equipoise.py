"""The face: what `import equipoise` gives, what it costs, and that every name tells how it is used."""

import ast
import doctest
import re
import subprocess
import sys
from pathlib import Path

import pytest

import equipoise
from storage.record import fingerprint
from tests.paths import ROOT

HEAVY = {"torch", "numba", "prefect", "sklearn", "transformers", "open_clip", "faiss", "matplotlib", "numpy", "pyarrow"}


def loaded_by(code: str) -> set[str]:
    """The heavy packages among the modules that a fresh interpreter has after running `code`."""
    program = f"import sys\n{code}\nprint(*{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    return HEAVY & set(done.stdout.split())


def test_importing_it_loads_nothing() -> None:
    assert loaded_by("import equipoise; dir(equipoise)") == set()


@pytest.mark.parametrize(
    ("name", "unneeded"),
    [
        ("EquipoiseError", HEAVY),
        ("spacing", {"torch", "numba", "prefect"}),
        ("rake", {"torch", "prefect", "sklearn"}),
        ("status", HEAVY - {"numpy", "pyarrow"}),
        ("run", HEAVY - {"numpy", "pyarrow"}),
        ("Heads", {"numba", "prefect", "sklearn"}),
        ("balanced_contrastive_loss", {"numba", "prefect", "sklearn"}),
    ],
)
def test_a_name_loads_only_what_it_needs(name: str, unneeded: set[str]) -> None:
    assert loaded_by(f"from equipoise import {name}") & unneeded == set()


def test_what_type_checkers_see_is_what_is_loaded() -> None:
    tree = ast.parse(Path(equipoise.__file__).read_text(encoding="utf-8"))
    block = next(node for node in tree.body if isinstance(node, ast.If))
    seen = {alias.name: node.module for node in block.body if isinstance(node, ast.ImportFrom) for alias in node.names}
    assert seen == equipoise._HOMES
    assert sorted(seen) == sorted(equipoise.__all__)
    assert set(equipoise.__all__) <= set(dir(equipoise))


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'rakes'"):
        equipoise.rakes  # noqa: B018


@pytest.mark.parametrize("name", equipoise.__all__)
def test_every_name_has_an_example_that_runs(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    (test,) = doctest.DocTestFinder(recurse=False).find(getattr(equipoise, name), name, globs={})
    assert len(test.examples) >= 2, "show how it is called"
    assert f"from equipoise import {name}" in test.docstring or f", {name}" in test.docstring
    report: list[str] = []
    result = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE).run(test, out=report.append)
    assert result.failed == 0, "".join(report)


ARRAYS = re.compile(r"Floats|Float32s|Integers|Int64s|Ids|Bools|ndarray|ArrayLike|Tensor")
SHAPE = re.compile(r"`[^`]*\[[^\]`]*\]`")


@pytest.mark.parametrize("name", equipoise.__all__)
def test_every_array_has_its_shape_in_the_docstring(name: str) -> None:
    thing = getattr(equipoise, name)
    parts = [thing, *(getattr(thing, method) for method in ("forward", "match") if hasattr(thing, method))]
    taken = [str(note) for part in parts for note in getattr(part, "__annotations__", {}).values()]
    if any(ARRAYS.search(note) for note in taken):
        assert any(SHAPE.search(part.__doc__ or "") for part in parts)


def test_stages_do_not_depend_on_the_face() -> None:
    """A name more or less changes no cache key, because nothing that is fingerprinted knows of the face."""
    assert "equipoise" not in fingerprint.PACKAGES

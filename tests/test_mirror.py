"""Tests mirror the tree: where a module's tests are is a rule, and no module is without one."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.paths import ROOT

TESTED = ("tasks", "storage", "flows", "equipoise")

ABOUT_NO_MODULE = {
    "tests/test_mirror.py": "the tree itself",
    "tests/flows/test_prefect_yaml.py": "prefect.yaml",
    "tests/test_documents.py": "the pages beside the code: README, licence, citation, contributing",
    "tests/hostile/test_corpus.py": "hostile inputs, each to the reader that a run uses",
    "tests/hostile/test_fuzz.py": "any bytes, to the readers of tables, JSON, tars and Parquet",
    "tests/hostile/test_page.py": "docs/hostile.md",
    "tests/faults/test_matrix.py": "kills, damage, company, clocks: what a run must survive",
    "tests/faults/test_engines.py": "kills and signals under every engine",
    "tests/faults/test_memory.py": "workers whose memory runs out",
    "tests/faults/test_page.py": "docs/faults_tried.md",
    "tests/faults/test_machines.py": "a training over two nodes, one of which is lost",
    "tests/faults/test_ray.py": "a Ray cluster that loses a node",
    "tests/faults/test_postgres.py": "a Prefect server on PostgreSQL, which goes away",
    "tests/test_examples.py": "the programs in examples/",
    "tests/test_tutorial.py": "docs/tutorial.ipynb",
    "tests/test_site.py": "mkdocs.yml and what is checked of the built documentation",
    "tests/test_round_trips.py": "every export, back through ingest",
    "tests/test_wheel.py": "pyproject.toml and requirements.lock: what is installed",
}

DEBTS: frozenset[str] = frozenset(())
"""Tests that mirror nothing and modules that no test imports, from before the rule. This list only gets shorter."""


def python_files(folder: str) -> Iterator[Path]:
    return (file.relative_to(ROOT) for file in sorted((ROOT / folder).rglob("*.py")))


def imported(file: Path) -> set[str]:
    """Every module that a file imports, by dotted name; a name taken from a package may be a module of it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse((ROOT / file).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def room(file: Path) -> Path:
    """`tasks/matching` of `tasks/matching/index/build.py`; `storage` of anything in storage."""
    return Path(*file.parts[:2]) if file.parts[0] == "tasks" and len(file.parts) > 2 else Path(file.parts[0])


def has_functions(file: Path) -> bool:
    """Whether there is anything to call: fields, constants, types and protocols alone need no test."""
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    return any(
        isinstance(node, ast.FunctionDef) and not all(isinstance(line, ast.Expr) for line in node.body)
        for node in ast.walk(tree)
    )


def untested_modules() -> set[str]:
    by_room: dict[Path, set[str]] = {}
    for file in python_files("tests"):
        place = file.relative_to("tests")
        if len(place.parts) > 1:
            by_room.setdefault(room(place), set()).update(imported(file))
    return {
        file.as_posix()
        for top in TESTED
        for file in python_files(top)
        if file.name != "__init__.py"
        and has_functions(file)
        and ".".join(file.with_suffix("").parts) not in by_room.get(room(file), set())
        and not ROOT.joinpath("tests", file.parent, f"test_{file.name}").is_file()
    }


TEST_FILES = [file for file in python_files("tests") if file.name.startswith("test_")]


@pytest.mark.parametrize("file", TEST_FILES, ids=str)
def test_a_test_file_mirrors_a_module_or_a_folder(file: Path) -> None:
    mirrored = ROOT / file.parent.relative_to("tests") / file.stem.removeprefix("test_")
    is_named = mirrored.with_suffix(".py").is_file() or mirrored.is_dir()
    excused = ABOUT_NO_MODULE.keys() | DEBTS
    assert is_named or file.as_posix() in excused, f"{file} tests no module {mirrored.relative_to(ROOT)}.py"


def test_every_module_with_a_function_is_imported_by_a_test_of_its_room() -> None:
    assert untested_modules() - DEBTS == set()

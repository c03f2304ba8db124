"""Code fingerprints: what a stage computes with counts, and nothing else."""

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from storage.errors import StoreError
from storage.record import fingerprint as module
from storage.record.tree_memo import TreeMemo

FILES = {
    "rooms/__init__.py": "",
    "rooms/first/__init__.py": "",
    "rooms/first/pure.py": (
        '"""Doc."""\nfrom rooms.second.helper import half\n\ndef double(x):\n    """Doc."""\n    return half(x) * 4\n'
    ),
    "rooms/first/other.py": "from .near import NEAR\nOTHER = NEAR\n",
    "rooms/first/near.py": "NEAR = 1\n",
    "rooms/first/words.txt": "circle\nsquare\n",
    "rooms/first/task.py": (
        '"""The stages."""\n'
        "from functools import cache\n"
        "from rooms.first.pure import double\n"
        "from rooms.third import lonely\n\n"
        "FACTOR = 3\n"
        "UNUSED = 4\n"
        "REGISTRY = {}\n"
        "REGISTRY['a'] = 1\n\n"
        "def stage(name): return lambda function: function\n\n"
        "@cache\ndef _scale(x):\n    return x * FACTOR\n\n"
        "@stage('one')\ndef one(x, *, work):\n    return _scale(double(x))\n\n"
        "@stage('two')\ndef two(x, *, work):\n    return lonely(x)\n"
    ),
    "rooms/second/helper.py": "import rooms.second.deep as deep\n\ndef half(x):\n    return x / deep.TWO\n",
    "rooms/second/deep.py": "TWO = 2  # two\n",
    "rooms/third.py": "def lonely(x):\n    return x\n",
}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(module, "PACKAGES", ("rooms",))
    monkeypatch.setattr(module, "_memo", TreeMemo(tmp_path / "trees.json", [Path(module.__file__)]))
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    forget()


def forget() -> None:
    module._forget()
    for name in [name for name in sys.modules if name.partition(".")[0] == "rooms"]:
        del sys.modules[name]


def taken(name: str = "one", modules: tuple[str, ...] = ("rooms.first",)) -> str:
    forget()
    importlib.invalidate_caches()
    import linecache

    linecache.clearcache()
    sys.dont_write_bytecode = True
    function: Callable[..., object] = getattr(importlib.import_module("rooms.first.task"), name)
    return module.fingerprint(modules, function)


def edit(project: Path, file: str, old: str, new: str) -> None:
    text = (project / file).read_text()
    assert text.count(old) == 1
    (project / file).write_text(text.replace(old, new))


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("rooms/first/pure.py", "* 4", "* 5"),
        ("rooms/second/helper.py", "x / deep", "x // deep"),
        ("rooms/second/deep.py", "TWO = 2", "TWO = 2.0"),
        ("rooms/first/other.py", "OTHER = NEAR", "OTHER = -NEAR"),
        ("rooms/first/near.py", "1", "2"),
        ("rooms/first/task.py", "FACTOR = 3", "FACTOR = 4"),
        ("rooms/first/task.py", "x * FACTOR", "x + FACTOR"),
        ("rooms/first/task.py", "_scale(double(x))", "double(_scale(x))"),
        ("rooms/first/task.py", "REGISTRY['a'] = 1", "REGISTRY['a'] = 2"),
        ("rooms/first/words.txt", "circle", "triangle"),
    ],
)
def test_edits_that_count(project: Path, file: str, old: str, new: str) -> None:
    before = taken()
    edit(project, file, old, new)
    assert taken() != before


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("rooms/first/pure.py", '    """Doc."""\n', '    """Another text."""\n'),
        ("rooms/first/pure.py", '    """Doc."""\n', "\n\n    # a comment\n"),
        ("rooms/second/deep.py", "# two", "# the number two"),
        ("rooms/second/helper.py", "return x / deep.TWO", "return (x\n        / deep.TWO)"),
        ("rooms/first/task.py", '"""The stages."""', '"""All stages."""'),
        ("rooms/first/task.py", "return lonely(x)", "return lonely(x) + 1"),
        ("rooms/first/task.py", "@stage('one')", "@stage('renamed')"),
        ("rooms/first/task.py", "UNUSED = 4", "UNUSED = 5"),
        ("rooms/third.py", "return x", "return -x"),
    ],
)
def test_edits_that_do_not_count(project: Path, file: str, old: str, new: str) -> None:
    before = taken()
    edit(project, file, old, new)
    assert taken() == before


def test_stages_of_one_module_differ(project: Path) -> None:
    assert taken("one") != taken("two")
    before = taken("two", modules=())
    edit(project, "rooms/third.py", "return x", "return -x")
    assert taken("two", modules=()) != before


def test_new_module_of_a_package_counts(project: Path) -> None:
    before = taken()
    (project / "rooms/first/new.py").write_text("NEW = 1\n")
    assert taken() != before


def test_what_judges_outputs_counts_for_those_who_import_it_alone(project: Path) -> None:
    (project / "rooms/first/checks.py").write_text("LIMIT = 1\n")
    before, told = taken(), taken(modules=("rooms.first", "rooms.first.checks"))
    edit(project, "rooms/first/checks.py", "LIMIT = 1", "LIMIT = 2")
    assert taken() == before and taken(modules=("rooms.first", "rooms.first.checks")) != told


def test_prose_beside_the_code_does_not_count(project: Path) -> None:
    before = taken()
    (project / "rooms/first/README.md").write_text("words")
    (project / "rooms/first/.hidden").write_text("words")
    assert taken() == before


def test_what_compilers_leave_beside_the_code_does_not_count(project: Path) -> None:
    """Numba's cache appears with the first run; counting it would compute everything twice."""
    before = taken(modules=("rooms.first",))
    cache = project / "rooms/first/__pycache__"
    cache.mkdir(exist_ok=True)
    (cache / "kernel-1.py311.nbi").write_bytes(b"index")
    (cache / "kernel-1.py311.1.nbc").write_bytes(b"code")
    assert taken(modules=("rooms.first",)) == before


def test_unknown_module(project: Path) -> None:
    with pytest.raises(ModuleNotFoundError, match=r"rooms\.nowhere"):
        taken(modules=("rooms.nowhere",))


def test_an_edit_while_a_process_runs_is_not_published_under_the_old_key(project: Path) -> None:
    """Science is imported when a stage runs: after an edit it may be newer than the fingerprint that is in the key."""
    declared = taken("one")
    function: Callable[..., object] = importlib.import_module("rooms.first.task").one
    module.require_unchanged("one", ("rooms.first",), function, declared)
    edit(project, "rooms/first/pure.py", "* 4", "* 4  # four")
    module.require_unchanged("one", ("rooms.first",), function, declared)  # a comment computes nothing
    edit(project, "rooms/second/deep.py", "TWO = 2", "TWO = 3")
    with pytest.raises(StoreError, match="the stage 'one' changed while this process ran"):
        module.require_unchanged("one", ("rooms.first",), function, declared)

"""Fingerprints of code: what a stage computes with, read from the syntax tree.

Comments, blank lines and docstrings do not count, so rewording them keeps every cached result; a changed helper
counts, however deep, because the project's own imports are followed; so does a data file (a word list, a template)
that lies beside the code. Fingerprints are taken when a stage is declared, with the code that was imported.
"""

import ast
import inspect
import linecache
import os
import textwrap
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING

from storage.errors import StoreError
from storage.record.code import needed, strip_docstrings
from storage.record.tree_memo import Found, TreeMemo, beside_byte_code

if TYPE_CHECKING:
    from pydantic import JsonValue

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("tasks", "storage")
# Bookkeeping decides where results lie, when they are reused and how they come about, never what they are: five folders
# and the small modules beside them, and how the processes of a training are started.
BOOKKEEPING = ("storage.record", "storage.store", "storage.caching", "storage.export", "storage.places",
               "storage.atomic", "storage.bar", "storage.children", "storage.errors", "storage.kept",
               "storage.progress", "storage.tree", "tasks.training.distributed.launch",
               "tasks.training.distributed.meeting")  # fmt: skip
_BOOKS = tuple(f"{name}." for name in BOOKKEEPING)


def fingerprint(modules: Sequence[str], function: Callable[..., object]) -> str:
    """Hash of the syntax trees of `modules`, of every project module they import, and of the stage's own function.

    A package stands for all of its modules and its data files, except `task.py` and its own `checks.py`, which judges
    what stages made and which they compute nothing with. Raises `ModuleNotFoundError` for an unknown module.
    """
    from storage.hashing import hash_json  # here, since compiled kernels take stamps on machines without its libraries

    own = _read_function(function)
    roots = [module for root in modules for module in _expand(root)]
    closure = _closure([*roots, *_imported(own)])
    folders = {file.parent for module in closure if (file := _file(module))} - {ROOT / name for name in PACKAGES}
    data: dict[Path, str] = {}
    for folder in folders:
        data |= _data(folder, "*")
    for module in modules:
        data |= _data(ROOT.joinpath(*module.split(".")), "**/*")
    named: list[JsonValue] = [[file.relative_to(ROOT).as_posix(), content] for file, content in sorted(data.items())]
    code: list[JsonValue] = [[module, tree] for module, tree in sorted(closure.items())]
    return hash_json([code, named, own.tree])


def code_stamp(module: str) -> str | None:
    """Hash of a module's syntax tree and of every project module it imports; None for a module outside the project."""
    if not _ours(module) or _file(module) is None:
        return None
    return _hash(repr(sorted(_closure([module]).items())))


def _closure(modules: Iterable[str]) -> dict[str, str]:
    """Modules and all that they import of the project, each with the hash of its syntax tree."""
    closure: dict[str, str] = {}
    waiting = list(modules)
    while waiting:
        module = waiting.pop()
        if module in closure or _keeps_books(module):
            continue
        closure[module], imported = _read(module)
        waiting += imported
    return closure


def _expand(module: str) -> list[str]:
    path = ROOT.joinpath(*module.split("."))
    if path.is_dir():
        apart = path / "checks.py"
        files = sorted(file for file in path.rglob("*.py") if file.name != "task.py" and file != apart)
        return [_name(file) for file in files]
    return [module]


def _name(file: Path) -> str:
    parts = file.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def _file(module: str) -> Path | None:
    path = f"{ROOT}/{module.replace('.', '/')}"
    for candidate in (f"{path}.py", f"{path}/__init__.py"):
        if os.path.isfile(candidate):  # noqa: PTH113 - thousands of times a start, without the comfort of `Path`
            return Path(candidate)
    return None


@cache
def _data(folder: Path, pattern: str) -> dict[Path, str]:
    """Content hashes of what is neither code, nor prose, nor hidden, nor a compiler's cache of its own."""
    from storage.hashing import hash_file

    return {
        file: hash_file(file)
        for file in folder.glob(pattern)
        if file.suffix not in (".py", ".pyc", ".pyi", ".md")
        and not file.name.startswith(".")
        and not file.name.endswith("~")
        and "__pycache__" not in file.parts
        and file.is_file()
    }


def require_unchanged(stage: str, modules: Sequence[str], function: Callable[..., object], declared: str) -> None:
    """Refuse to publish what may have been computed by other code than its key says.

    Science is imported when a stage runs; a file that was edited since the stage was declared may have been imported as
    it is now. Raises `StoreError`.
    """
    if _edited() and fingerprint_now(modules, function) != declared:
        raise StoreError(
            f"the code of the stage {stage!r} changed while this process ran; nothing of it is kept: run again"
        )


def fingerprint_now(modules: Sequence[str], function: Callable[..., object]) -> str:
    """The fingerprint of the files as they are now, whatever was read before."""
    _forget()
    linecache.checkcache()
    return fingerprint(modules, function)


def _forget() -> None:
    for read in (_read, _file, _data):
        read.cache_clear()
    _seen.clear()


_memo = TreeMemo(beside_byte_code(__file__, "trees.json"), [Path(__file__), Path(__file__).with_name("code.py")])
_seen: dict[Path, tuple[int, int]] = {}
"""Files that were read, with their sizes and modification times."""


def _edited() -> bool:
    """Whether any file that was read has changed since."""
    return any(_state(file) != state for file, state in list(_seen.items()))


def _state(file: Path) -> tuple[int, int]:
    try:
        state = file.stat()
    except FileNotFoundError:
        return (-1, -1)
    return (state.st_size, state.st_mtime_ns)


@cache
def _read(module: str) -> tuple[str, tuple[str, ...]]:
    file = _file(module)
    if file is None:
        if ROOT.joinpath(*module.split(".")).is_dir():
            return "", ()
        raise ModuleNotFoundError(f"no module {module!r} below {ROOT}")
    _seen[file] = _state(file)
    content = file.read_bytes()
    package = module if file.name == "__init__.py" else module.rpartition(".")[0]
    found = _memo.find(module, content, lambda: _found(ast.parse(content), package.split(".")))
    return found.tree, _imported(found)


def _read_function(function: Callable[..., object]) -> Found:
    """What a stage's function uses of its module: helpers, constants and imports count, its neighbours do not."""
    source = textwrap.dedent(inspect.getsource(inspect.getmodule(function) or function))

    def find() -> Found:
        tree = ast.parse(source)
        if "<locals>" not in function.__qualname__:
            tree.body = needed(tree.body, function.__name__)
        return _found(tree, function.__module__.split(".")[:-1])

    return _memo.find(f"{function.__module__}:{function.__qualname__}", source.encode("utf-8", "surrogatepass"), find)


def _found(tree: ast.AST, package: Sequence[str]) -> Found:
    """What a tree says; relative names count from `package`."""
    modules: dict[str, None] = {}
    perhaps: dict[str, None] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            modules |= dict.fromkeys(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            origin = ".".join([*base, *([node.module] if node.module else [])])
            modules[origin] = None
            perhaps |= dict.fromkeys(f"{origin}.{alias.name}" for alias in node.names)
    strip_docstrings(tree)
    return Found(_hash(ast.dump(tree)), tuple(filter(_ours, modules)), tuple(filter(_ours, perhaps)))


def _hash(text: str) -> str:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _imported(found: Found) -> tuple[str, ...]:
    """The project's modules that are imported."""
    return (*found.modules, *(name for name in found.perhaps if _file(name)))


def _keeps_books(module: str) -> bool:
    return f"{module}.".startswith(_BOOKS)


def _ours(module: str) -> bool:
    return module.partition(".")[0] in PACKAGES

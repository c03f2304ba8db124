"""Fingerprints of code: what a stage computes with, read from the syntax tree.

Comments, blank lines and docstrings do not count, so rewording them keeps every cached result; a changed helper
counts, however deep, because the project's own imports are followed.
"""

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path

from storage.hashing import hash_json

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("tasks", "storage")
# Bookkeeping decides where results lie and when they are reused, never what they are.
BOOKKEEPING = frozenset(
    f"storage.{name}" for name in ("caching", "errors", "external", "fingerprint", "keys", "manifest", "progress",
                                   "publish", "staleness", "store", "workspace")
)  # fmt: skip


def fingerprint(modules: Sequence[str], function: Callable[..., object]) -> str:
    """Hash of the syntax trees of `modules`, of every project module they import, and of the stage's own function.

    A package stands for all of its modules except `task.py`. Raises `ModuleNotFoundError` for an unknown module.
    """
    closure: dict[str, str] = {}
    waiting = [module for root in modules for module in _expand(root)]
    waiting += _imports(_function_tree(function))
    while waiting:
        module = waiting.pop()
        if module in closure or module in BOOKKEEPING:
            continue
        closure[module], imported = _read(module)
        waiting += imported
    return hash_json([sorted(closure.items()), _dump(_function_tree(function))])


def _expand(module: str) -> list[str]:
    path = ROOT.joinpath(*module.split("."))
    if path.is_dir():
        files = sorted(file for file in path.rglob("*.py") if file.name != "task.py")
        return [_name(file) for file in files]
    return [module]


def _name(file: Path) -> str:
    parts = file.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _file(module: str) -> Path | None:
    path = ROOT.joinpath(*module.split("."))
    for candidate in (path.with_suffix(".py"), path / "__init__.py"):
        if candidate.is_file():
            return candidate
    return None


@cache
def _read(module: str) -> tuple[str, tuple[str, ...]]:
    file = _file(module)
    if file is None:
        raise ModuleNotFoundError(f"no module {module!r} below {ROOT}")
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return _dump(tree), tuple(_imports(tree))


def _imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            submodules = [f"{node.module}.{alias.name}" for alias in node.names]
            names = [node.module, *(name for name in submodules if _ours(name) and _file(name))]
        else:
            continue
        yield from (name for name in names if _ours(name))


def _ours(module: str) -> bool:
    return module.partition(".")[0] in PACKAGES


@cache
def _function_tree(function: Callable[..., object]) -> ast.AST:
    """The module of the stage without the other stages in it: helpers count, neighbours do not."""
    source = inspect.getsource(inspect.getmodule(function) or function)
    tree = ast.parse(textwrap.dedent(source))
    tree.body = [
        node
        for node in tree.body
        if not (isinstance(node, ast.FunctionDef) and node.decorator_list and node.name != function.__name__)
    ]
    return tree


def _dump(tree: ast.AST) -> str:
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and _documented(node):
            node.body = node.body[1:] or [ast.Pass()]
    return hash_json(ast.dump(tree))


def _documented(node: ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    first = node.body[0] if node.body else None
    return isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)

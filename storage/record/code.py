"""Cutting syntax trees down to what can change a result."""

import ast
from collections.abc import Sequence

_Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def needed(statements: Sequence[ast.stmt], name: str) -> list[ast.stmt]:
    """The statements of a module that `name` needs, directly or through others, in their order.

    A statement that binds no name (`REGISTRY.update(…)`, a star import) always counts, with all that it needs. The
    `@stage(…)` decorator of a stage is left out: what it declares enters the key by itself.
    """
    for statement in statements:
        if isinstance(statement, ast.FunctionDef):
            statement.decorator_list = [node for node in statement.decorator_list if not _declares_stage(node)]
    bound = [_bound(statement) for statement in statements]
    kept = {index for index, names in enumerate(bound) if not names}
    waiting = {name}.union(*(_used(statements[index]) for index in kept))
    seen: set[str] = set()
    while waiting:
        seen |= waiting
        found = {index for index, names in enumerate(bound) if names & waiting} - kept
        kept |= found
        waiting = set().union(*(_used(statements[index]) for index in found)) - seen
    return [statement for index, statement in enumerate(statements) if index in kept]


def strip_docstrings(tree: ast.AST) -> None:
    """Remove the docstrings of a tree, in place."""
    for node in ast.walk(tree):
        if isinstance(node, _Documented) and _is_documented(node):
            node.body = node.body[1:] or [ast.Pass()]


def _declares_stage(decorator: ast.expr) -> bool:
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    return isinstance(called, ast.Name) and called.id == "stage"


def _bound(statement: ast.stmt) -> set[str]:
    """Names that an import, a definition or an assignment binds; of every other statement none, so that it counts."""
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {statement.name}
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return {(alias.asname or alias.name).partition(".")[0] for alias in statement.names} - {"*"}
    if isinstance(statement, ast.Assign | ast.AnnAssign | ast.AugAssign):
        return {
            node.id for node in ast.walk(statement) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
        }
    return set()


def _used(statement: ast.stmt) -> set[str]:
    return {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)}


def _is_documented(node: _Documented) -> bool:
    first = node.body[0] if node.body else None
    return isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)

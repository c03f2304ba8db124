"""What counts of a syntax tree: the statements that a name needs, without docstrings."""

import ast

import pytest

from storage.record.code import needed, strip_docstrings

MODULE = """
import numpy as np
from elsewhere import helper, other
RATE = 2
UNUSED = 3
LIMITS: dict = {"low": RATE}
def scale(x): return x * RATE
def unrelated(x): return helper(x)
class Shape(Base):
    side = LIMITS
@stage("area", version=1, modules=names())
def area(x): return np.square(scale(x)) * Shape.side
"""


def names(source: str, name: str) -> str:
    """What is kept for a name, as source."""
    return ast.unparse(ast.Module(needed(ast.parse(source).body, name), []))


def test_what_a_name_needs_is_kept_in_order_and_nothing_else() -> None:
    kept = names(MODULE, "area")
    assert [line for line in kept.splitlines() if line and not line.startswith(" ")] == [
        "import numpy as np",
        "RATE = 2",
        "LIMITS: dict = {'low': RATE}",
        "def scale(x):",
        "class Shape(Base):",
        "def area(x):",
    ]
    assert names(MODULE, "scale").splitlines()[0] == "RATE = 2"
    assert "numpy" not in names(MODULE, "scale")


def test_a_decorator_counts_unless_it_declares_the_stage() -> None:
    source = "def names(): ...\ndef cache(f): return f\n@cache\n@stage(names())\ndef one(): return 1\n"
    kept = names(source, "one")
    assert "@cache" in kept and "def cache" in kept
    assert "stage" not in kept and "def names" not in kept


@pytest.mark.parametrize("statement", ["REGISTRY['a'] = extra", "REGISTRY.update(a=extra)", "from extra import *"])
def test_a_statement_without_a_name_of_its_own_always_counts_with_what_it_needs(statement: str) -> None:
    kept = names(f"extra = 1\nREGISTRY = {{}}\n{statement}\ndef one(): return 1\n", "one")
    assert ast.unparse(ast.parse(statement)) in kept
    assert ("extra = 1" in kept) == ("import" not in statement)


def test_circles_end() -> None:
    source = "def one(): return two()\ndef two(): return one()\ndef three(): return two()\n"
    assert names(source, "one") == "def one():\n    return two()\n\ndef two():\n    return one()"


def test_docstrings_go_and_other_strings_stay() -> None:
    tree = ast.parse(
        '"""Module."""\nTEXT = "kept"\nclass A:\n    """Class."""\n    def f(self):\n        """Only this."""\n'
        '    async def g(self):\n        """Doc."""\n        "a string, no docstring"\n        return 1\n'
    )
    strip_docstrings(tree)
    assert ast.unparse(tree) == (
        "TEXT = 'kept'\n\nclass A:\n\n    def f(self):\n        pass\n\n"
        '    async def g(self):\n        """a string, no docstring"""\n        return 1'
    )

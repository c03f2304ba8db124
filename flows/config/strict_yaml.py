"""YAML read strictly: what it says is what a person reads, and every fault is told with its line.

The core schema of YAML 1.2: `no` and `on` are text, 1e-3 is a number, 010 is ten. A field that is given twice, a tag, a
number too long, what is nested too deep and what grows without bound are faults.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from storage.errors import InputError

LARGEST = 16 << 20  # bytes of a configuration
DEEPEST = 40  # sections within sections
DIGITS = 40  # of one number; ids have at most 20
VALUES = 300_000  # of a configuration, when every alias is written out

_CORE = "tag:yaml.org,2002:"
_PLAIN = {f"{_CORE}{name}" for name in ("null", "bool", "int", "float", "str", "seq", "map", "merge")}

PLAIN_VALUES = [
    (f"{_CORE}{name}", re.compile(pattern), list(first))
    for name, pattern, first in (
        ("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", "tTfF"),
        ("int", r"^[-+]?[0-9]+(?:_[0-9]+)*$|^0x[0-9a-fA-F]+$", "-+0123456789"),
        ("float", r"^[-+]?(?:\.[0-9]+|[0-9]+(?:_[0-9]+)*(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$"
                  r"|^[-+]?\.(?:inf|Inf|INF)$|^\.(?:nan|NaN|NAN)$", "-+.0123456789"),
        ("null", r"^(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
        ("merge", r"^(?:<<)$", "<"),
    )
]  # fmt: skip
"""What is no text though it is not quoted: the tag, how it is spelled, and how it may begin."""

Place = tuple[str | int, ...]
"""Where a value stands: names of fields, and numbers of list items."""


@dataclass(frozen=True)
class Document:
    """The values of a configuration, and the line of each."""

    values: dict[str, Any]
    lines: Mapping[Place, int]

    def line(self, place: Place) -> int | None:
        """The line of a value, or of the nearest section around it that the file has."""
        while place and place not in self.lines:
            place = place[:-1]
        return self.lines.get(place)


def read_yaml(path: Path) -> Document:
    """Read a configuration. Raises `InputError` that names every fault with its line."""
    text = _text(path)
    try:
        loader = _Loader(text)
        root = loader.get_single_node()
    except yaml.MarkedYAMLError as error:
        raise InputError(f"{path}{_at(error.problem_mark)} is not YAML: {_said(error)}") from None
    except yaml.YAMLError as error:
        raise InputError(f"{path} is not YAML: {' '.join(str(error).split())}") from None
    if not isinstance(root, MappingNode):
        raise InputError(f"{path} holds no settings; the examples in configs/ show the fields")
    lines: dict[Place, int] = {}
    if faults := _faults(root, lines):
        raise InputError(told(path, faults))
    return Document(loader.construct_document(root), lines)


def told(path: Path, faults: list[tuple[int | None, str]]) -> str:
    """All faults of a file, a line each; one alone is one sentence."""
    if len(faults) == 1:
        line, fault = faults[0]
        return f"{path}{'' if line is None else f', line {line}'}: {fault}"
    ordered = sorted(faults, key=lambda each: each[0] or 0)
    listed = [f"{'' if line is None else f'line {line}: '}{fault}" for line, fault in ordered]
    return f"{path} has {len(faults)} faults:\n" + "\n".join(f"  {each}" for each in listed)


def _text(path: Path) -> str:
    if path.is_dir():
        inside = sorted(path.glob("*.y*ml"))
        hint = f"; did you mean {inside[0]}?" if inside else "; name a YAML file"
        raise InputError(f"{path} is a folder{hint}")
    if not path.is_file():
        raise InputError(f"{path} does not exist; the examples lie in configs/")
    if (size := path.stat().st_size) > LARGEST:
        raise InputError(f"{path} has {size:,} bytes, too many for a configuration; long lists belong in files")
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not YAML: byte {error.start} is no UTF-8 text; save it as UTF-8") from None
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from None


_SURROGATE = re.compile("[\ud800-\udfff]")


class _Loader(yaml.SafeLoader):
    """SafeLoader with the core schema's plain values, and a limit on depth."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012  the class's own, so that YAML 1.1's are not inherited

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._depth = 0

    def compose_node(self, parent: Node | None, index: Any) -> Node | None:  # noqa: ANN401  as PyYAML has it
        self._depth += 1
        if self._depth > DEEPEST:
            mark = self.peek_event().start_mark
            raise yaml.MarkedYAMLError(problem=f"more than {DEEPEST} levels are nested", problem_mark=mark)
        node: Node | None = super().compose_node(parent, index)
        self._depth -= 1
        if isinstance(node, ScalarNode) and _SURROGATE.search(node.value):
            node.value = _joined(node.value)
        return node

    def construct_number(self, node: ScalarNode) -> int | float:
        """A whole number in base 10 or 16, or another."""
        text = node.value.replace("_", "").lower()
        if node.tag.endswith("int"):
            return int(text, 16) if "0x" in text else int(text)
        return float(text.replace(".inf", "inf").replace(".nan", "nan"))


for _name, _pattern, _first in PLAIN_VALUES:
    _Loader.add_implicit_resolver(_name, _pattern, _first)
for _name in ("int", "float"):
    _Loader.add_constructor(f"{_CORE}{_name}", _Loader.construct_number)


def _joined(text: str) -> str:
    """Characters beyond the first plane, which JSON may escape as two halves: `json.dumps` does."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")


def _faults(root: MappingNode, lines: dict[Place, int]) -> list[tuple[int | None, str]]:
    """What is wrong with a tree of nodes; fills in the line of every place."""
    faults: list[tuple[int | None, str]] = []
    waiting: list[tuple[Place, Node]] = [((), root)]
    seen = 0
    while waiting:
        place, node = waiting.pop()
        seen += 1
        if seen > VALUES or len(place) > DEEPEST:
            return [(None, f"it grows to more than {VALUES:,} values, or for ever; long lists belong in files")]
        line = node.start_mark.line + 1
        lines.setdefault(place, line)
        if node.tag not in _PLAIN:
            tag = node.tag.replace(f"{_CORE}", "!!")
            faults.append((line, f"the tag {tag} is not taken; write the plain value"))
        elif isinstance(node, ScalarNode):
            if node.tag != f"{_CORE}str" and len(node.value) > DIGITS:
                faults.append((line, f"a number of {len(node.value):,} characters is too long"))
            faults += _halves(node)
        elif isinstance(node, SequenceNode):
            waiting += [((*place, index), item) for index, item in enumerate(node.value)]
        else:
            faults += _twice(node)
            for name, value in node.value:
                faults += _halves(name) if isinstance(name, ScalarNode) else []
                if not isinstance(name, ScalarNode):
                    faults.append((line, "the name of a field is text, no list or section"))
                elif name.tag == f"{_CORE}merge":
                    waiting.append((place, value))
                elif name.tag != f"{_CORE}str":
                    faults.append((name.start_mark.line + 1, f"`{name.value}` is no field's name: it is no text"))
                else:
                    lines[(*place, name.value)] = name.start_mark.line + 1
                    waiting.append(((*place, name.value), value))
    return faults


def _halves(node: ScalarNode) -> list[tuple[int | None, str]]:
    half = _SURROGATE.search(node.value)
    told = f"\\u{ord(half[0]):x} is half a character; write the character itself" if half else ""
    return [(node.start_mark.line + 1, told)] if half else []


def _twice(node: MappingNode) -> list[tuple[int | None, str]]:
    first: dict[str, int] = {}
    faults: list[tuple[int | None, str]] = []
    for name, _ in node.value:
        if isinstance(name, ScalarNode):
            line = name.start_mark.line + 1
            if name.value in first:
                faults.append((line, f"`{name.value}` is given twice, first in line {first[name.value]}; keep one"))
            first.setdefault(name.value, line)
    return faults


def _at(mark: Any) -> str:  # noqa: ANN401  a mark of PyYAML's, which has no types
    return "" if mark is None else f", line {mark.line + 1},"


def _said(error: yaml.MarkedYAMLError) -> str:
    return " ".join(f"{error.context or ''} {error.problem or ''}".split())

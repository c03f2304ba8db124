"""Which columns of a table are read, by what they hold."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

import pyarrow as pa

from storage.errors import InputError
from tasks.ingest.columns.cells import can_be_kept, is_bytes, is_list, is_number, is_text
from tasks.ingest.columns.concept_forms import can_be_concepts
from tasks.ingest.columns.plain import plain_type
from tasks.ingest.rules import CarryingRules

Role = Literal["caption", "image", "label", "key"]

EXPECTED: Mapping[Role, str] = {
    "caption": "texts, or lists of texts",
    "image": "structs of bytes and path, or bytes, or paths",
    "label": "whole numbers",
    "key": "texts or integers",
}

CONCEPT_FIELDS = ("concepts", "concept_scores")
EXPECTED_CONCEPTS = ("lists of labels, lists of structs with label and score, or JSON texts", "lists of numbers")


@dataclass(frozen=True)
class Columns:
    """The columns that a configuration names.

    Attributes:
        named: the names of columns, by what they hold; those that are not read are absent.
        scores: the names of columns of numbers that are carried along.
        kept: the names of columns that are carried along as texts.
        concepts: the names of the columns of concepts, and of their scores where those have one; else none.
    """

    named: Mapping[Role, str]
    scores: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    concepts: tuple[str, ...] = ()

    @property
    def all(self) -> list[str]:
        """Every name once."""
        return list(dict.fromkeys([*self.named.values(), *self.scores, *self.kept, *self.concepts]))

    def only(self, role: Role) -> "Columns":
        """That one column."""
        return Columns({role: self.named[role]})


def columns_of(
    *,
    caption: str | None,
    image: str | None,
    label: str | None,
    key: str | None,
    carrying: CarryingRules | None = None,
) -> Columns:
    """The columns that are named; None is one that is not read. carrying: what is carried along, if anything."""
    given: dict[Role, str | None] = {"caption": caption, "image": image, "label": label, "key": key}
    named: dict[Role, str] = {role: name for role, name in given.items() if name is not None}
    if carrying is None:
        return Columns(named)
    concepts = tuple(name for name in (carrying.concepts, carrying.concept_scores) if name is not None)
    return Columns(named, carrying.scores, carrying.keep, concepts)


def require_columns(schema: pa.Schema, columns: Columns, where: str) -> None:
    """`InputError` with the first of the schema's faults, if it has any; see `column_faults`."""
    if fault := next(column_faults(schema, columns, where), None):
        raise InputError(fault)


def column_faults(schema: pa.Schema, columns: Columns, where: str) -> Iterator[str]:
    """A sentence for every column that is not there, once, and of a type that can be read as what it is named for."""
    names = list(schema.names)
    expected: list[tuple[str, str, str, Callable[[pa.DataType], bool]]] = [
        *((name, f"{role}_column", EXPECTED[role], partial(_readable, role)) for role, name in columns.named.items()),
        *((name, "scores", "columns of numbers", is_number) for name in columns.scores),
        *((name, "keep", "columns of single values", can_be_kept) for name in columns.kept),
        *zip(columns.concepts, CONCEPT_FIELDS, EXPECTED_CONCEPTS, (can_be_concepts, _can_be_scores), strict=False),
    ]
    for name, field, what, readable in expected:
        if fault := _not_once(names, name, where, f"{field} names"):
            yield fault
        elif not readable(_plain(schema.field(name).type)):
            yield f"the column {name!r} of {where} is {schema.field(name).type}: {field} must name {what}"


def _can_be_scores(kind: pa.DataType) -> bool:
    return is_text(kind) or is_list(kind)


def name_faults(names: Sequence[str], columns: Columns, where: str) -> Iterator[str]:
    """A sentence for every column that is not among the names, once; what they hold is asked of every row."""
    fields = {"scores": columns.scores, "keep": columns.kept, "concepts": columns.concepts}
    wanted = [
        *((name, f"{role}_column names") for role, name in columns.named.items()),
        *((name, f"{field} names") for field, held in fields.items() for name in held),
    ]
    for name, why in wanted:
        if fault := _not_once(names, name, where, why):
            yield fault


def _not_once(names: Sequence[str], name: str, where: str, wanted: str) -> str | None:
    if name not in names:
        there = ", ".join(each[:40] for each in names[:20])
        return f"{where} has no column {name!r}, which {wanted}: it has {there}"
    if names.count(name) > 1:
        return f"{where} has {names.count(name)} columns called {name!r}, which {wanted}: rename all but one"
    return None


def _plain(kind: pa.DataType) -> pa.DataType:
    try:
        return plain_type(kind)
    except pa.ArrowException:
        return kind


def _readable(role: Role, kind: pa.DataType) -> bool:
    if pa.types.is_null(kind):  # a column of nothing, as pandas writes it: every row of it is judged
        return True
    if role == "caption":
        one = kind.value_type if is_list(kind) else kind
        return is_text(one) or is_bytes(one) or (is_list(kind) and text_field(one) is not None)
    if role == "image":
        return is_text(kind) or is_bytes(kind) or is_image(kind) or (is_list(kind) and is_image(kind.value_type))
    if role == "label":
        return pa.types.is_integer(kind) or pa.types.is_floating(kind)
    return pa.types.is_integer(kind) or is_text(kind) or is_bytes(kind)


def is_image(kind: pa.DataType) -> bool:
    """Whether values are structs of an image's bytes, and perhaps its path."""
    if not pa.types.is_struct(kind):
        return False
    fields = {field.name: field.type for field in kind}
    content, path = fields.get("bytes"), fields.get("path", pa.null())
    held = content is not None and (is_bytes(content) or pa.types.is_null(content))
    return held and (is_text(path) or pa.types.is_null(path))


def text_field(kind: pa.DataType) -> str | None:
    """The field of a struct that holds a caption: its one text, or one that is called so; None where none is plain."""
    if not pa.types.is_struct(kind):
        return None
    texts = [field.name for field in kind if is_text(field.type)]
    called = [name for name in ("caption", "text", "raw", "value") if name in texts]
    return texts[0] if len(texts) == 1 else called[0] if called else None

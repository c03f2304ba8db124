"""`equipoise fields`: the reference of the configuration, made from the models that check it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin

import typer
from pydantic import BaseModel, TypeAdapter
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined, to_jsonable_python
from rich.text import Text

from flows.commands.console import AsJson, console, plain_table, say, say_json
from storage.config import Config
from storage.errors import InputError

_COMPARED = {"gt": ">", "ge": "≥", "lt": "<", "le": "≤", "min_length": "length ≥", "max_length": "length ≤"}
_SHOWN = 60  # characters of a default


@dataclass(frozen=True)
class FieldLine:
    """One field of one section.

    Attributes:
        name: where it stands: `balancing(rake).target`.
        takes: its values, with bounds.
        default: as YAML has it; empty where it must be given.
        description: what it is for.
    """

    name: str
    takes: str
    default: str
    description: str


def fields(
    section: Annotated[
        str | None, typer.Argument(metavar="[SECTION]", help="such as balancing or training.settings; none: the top")
    ] = None,
    schema: Annotated[
        bool, typer.Option("--schema", help="a JSON Schema of the whole configuration, for editors")
    ] = False,
    every: Annotated[bool, typer.Option("--all", help="of all sections, and of all in them")] = False,
    as_json: AsJson = False,
) -> None:
    """Print the configuration's fields: values, defaults, what each is for; or a JSON Schema for editors.

    Editors that know YAML take it: `equipoise fields --schema > equipoise.schema.json`, and as a configuration's first
    line `# yaml-language-server: $schema=equipoise.schema.json`.
    """
    if schema:
        say_json(json_schema())
        return
    found = list(reference(section or "", deep=every or section is not None))
    if as_json:
        say_json([vars(each) for each in found])
        return
    table = plain_table("field", "takes", "default", "what for")
    for each in found:
        table.add_row(Text(each.name, "bold"), Text(each.takes), Text(each.default), Text(each.description))
    console.print(table)
    if section is None and not every:
        say("\n`equipoise fields SECTION` tells of one section's fields, --all of all, --schema makes a JSON Schema")


def reference(section: str, *, deep: bool) -> Iterator[FieldLine]:
    """The fields of a section and, if `deep`, of all sections in it. Raises `InputError` for one that is not there."""
    from flows.config.pipeline import PipelineConfig
    from flows.config.selfsupervised import SelfSupervisedExperiment
    from flows.config.studies.study import StudyExperiment

    kinds = (PipelineConfig, SelfSupervisedExperiment, StudyExperiment)
    known = [line for model in kinds for line in _lines(model, "", deep=True)]
    lines = list({line.name: line for line in known}.values())
    if not section:
        yield from lines if deep else (line for line in lines if "." not in line.name)
        return
    wanted = _bare(section)
    inside = [line for line in lines if _bare(line.name) == wanted or _bare(line.name).startswith(f"{wanted}.")]
    if not inside:
        import difflib

        names = {_bare(line.name) for line in lines}
        near = difflib.get_close_matches(wanted, names, n=1)
        raise InputError(
            f"the configuration has no field {section}{f'; did you mean {near[0]}?' if near else ''} "
            "(`equipoise fields` lists the sections)"
        )
    yield from inside


def json_schema() -> dict[str, Any]:
    """A JSON Schema (draft 2020-12) of a configuration of any kind."""
    from flows.config.pipeline import AnyKind

    schema = TypeAdapter(AnyKind).json_schema()
    # The file's own name stands in for it.
    for name in ("PipelineConfig", "SelfSupervisedExperiment", "StudyExperiment"):
        required = schema["$defs"][name]["required"]
        schema["$defs"][name]["required"] = [each for each in required if each != "name"]
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Equipoise experiment"} | schema


def _lines(model: type[BaseModel], place: str, *, deep: bool, held: BaseModel | None = None) -> Iterator[FieldLine]:
    """The fields of a section; `held` is what it is by default in this place, which need not be its class's default."""
    for name, field in model.model_fields.items():
        here = f"{place}.{name}" if place else name
        sections = list(dict.fromkeys(_sections(field.annotation)))
        takes = _takes(field) if not sections else _choices(sections, field)
        value = getattr(held, name) if isinstance(held, model) else _own_default(field)
        yield FieldLine(here, takes, _spelled(value), field.description or "")
        for section in sections if deep else ():
            listed = "[]" if _is_list(field.annotation) else ""
            kind = _kind(section) if len(sections) > 1 else ""
            inside = value if isinstance(value, section) else None
            yield from _lines(section, f"{here}{listed}{f'({kind})' if kind else ''}", deep=True, held=inside)


def _sections(annotation: object) -> Iterator[type[Config]]:
    """The sections that a field may hold."""
    if isinstance(annotation, type) and issubclass(annotation, Config):
        yield annotation
    elif get_origin(annotation) is not Literal:
        for each in get_args(annotation):
            yield from _sections(each)


def _is_list(annotation: object) -> bool:
    return get_origin(annotation) in (tuple, list) or any(
        get_origin(each) in (tuple, list) for each in get_args(annotation)
    )


def _kind(section: type[BaseModel]) -> str:
    """The value that tells a section from the others of its union."""
    for field in section.model_fields.values():
        if get_origin(field.annotation) is Literal and len(get_args(field.annotation)) == 1:
            return str(get_args(field.annotation)[0])
    return section.__name__


def _choices(sections: list[type[Config]], field: FieldInfo) -> str:
    words = " | ".join(_kind(each) for each in sections) if len(sections) > 1 else "section"
    return f"{'list of ' if _is_list(field.annotation) else ''}{words}{_or_null(field.annotation)}"


def _or_null(annotation: object) -> str:
    return " | null" if type(None) in get_args(annotation) else ""


def _takes(field: FieldInfo) -> str:
    bounds = []
    for mark in field.metadata:
        for name, sign in _COMPARED.items():
            if (bound := getattr(mark, name, None)) is not None:
                bounds.append(f"{sign} {bound}")
    return " ".join([_type(field.annotation), *([", ".join(bounds)] if bounds else [])])


def _type(annotation: object) -> str:
    """A type in words."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if annotation is type(None):
        return "null"
    if origin is Literal:
        return " | ".join(str(each) for each in inner)
    if origin is Annotated:
        return _type(inner[0])
    if origin in (tuple, list):
        return f"list of {_type(inner[0])}"
    if origin is dict or str(origin).endswith("Mapping"):
        return f"section of {_type(inner[1])}"
    if inner:
        return " | ".join(_type(each) for each in inner)
    names: dict[object, str] = {int: "whole number", float: "number", str: "text", bool: "true | false", Path: "path"}
    return names.get(annotation, getattr(annotation, "__name__", str(annotation)).lower())


def _own_default(field: FieldInfo) -> object:
    return field.get_default(call_default_factory=True, validated_data={})


def _spelled(value: object) -> str:
    if value is PydanticUndefined:
        return "(required)"
    if isinstance(value, BaseModel):
        value = value.model_dump(mode="json", exclude_unset=True)
    text = json.dumps(to_jsonable_python(value), ensure_ascii=False).replace('"', "")
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


def _bare(name: str) -> str:
    """A place without kinds and list marks, as a person asks for it."""
    import re

    return re.sub(r"\([^)]*\)|\[\d*\]", "", name)

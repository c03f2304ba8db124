"""Faults of a configuration in its own words: pydantic's errors, told as what the field needs, all at once."""

import difflib
import json
from collections.abc import Iterable, Mapping, Sequence
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from flows.config.experiment import DEVICE, NAME
from flows.config.strict_yaml import Place

SHOWN = 60  # characters of a value

_NEEDS = {
    "int": "a whole number", "float": "a number", "bool": "true or false", "string": "text", "path": "a path",
    "tuple": "a list", "list": "a list", "dict": "a section", "mapping": "a section", "none": "null",
}  # fmt: skip
_FORMS = {
    NAME: "letters, digits, `_`, `-` and `.`, and neither of the last two first",
    DEVICE: "auto, cpu, cuda, cuda:1 (or another number) or mps",
    r"^[A-Za-z0-9_-]+$": "letters without accents, digits, `_` and `-`",
    r"^\w[\w.-]*(/[\w.-]+)?$": "a data set's name, such as cifar10 or vtab/cifar100",
    r"^(\d{4}-\d{2}-\d{2})?$": "a day such as 2026-11-26",
    r"^[\x00-\x7f]$": "one character without an accent",
    r"^\.[\w.-]+$": "the end of a file's name, such as .txt",
}
_BOUNDS = {"greater_than": "gt", "greater_than_equal": "ge", "less_than": "lt", "less_than_equal": "le"}
_COMPARED = {"gt": "more than", "ge": "at least", "lt": "less than", "le": "at most"}


def faults(error: ValidationError, model: type[BaseModel]) -> list[tuple[Place, str]]:
    """Every fault with its place in the file, a phrase each; what a union's members say of one value is one fault."""
    found: dict[Place, list[ErrorDetails]] = {}
    nearest: dict[Place, type[BaseModel] | None] = {}
    for each in error.errors():
        place, within = _place(each["loc"], model)
        found.setdefault(place, []).append(each)
        nearest.setdefault(place, within)
    inner = [
        place for place in found if not any(_tells_all(each) for each in found[place]) and _has_inner(place, found)
    ]
    return [(place, _fault(place, found[place], nearest[place])) for place in found if place not in inner]


def _tells_all(error: ErrorDetails) -> bool:
    return error["type"] in ("value_error", "missing", "extra_forbidden")


def _has_inner(place: Place, found: Iterable[Place]) -> bool:
    """Whether a fault is told of something inside: that the whole is not what it should be follows from it."""
    return any(len(other) > len(place) and other[: len(place)] == place for other in found)


def written(place: Place) -> str:
    """A place as a person writes it: `sources[0].rows`."""
    text = ""
    for part in place:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


def _fault(place: Place, details: Sequence[ErrorDetails], within: type[BaseModel] | None) -> str:
    first = next((each for each in details if _tells_all(each)), details[0])
    kind, given, name = first["type"], first.get("input"), f"`{written(place)}`"
    context: Mapping[str, Any] = first.get("ctx") or {}
    if kind == "extra_forbidden":
        return f"unknown field {name}{_meant(str(place[-1]), list(within.model_fields) if within else [])}"
    if kind == "missing":
        described = within.model_fields[str(place[-1])].description if within else None
        return f"{name} is missing{f': {described}' if described else ''}"
    if kind == "value_error":
        message = str(first["msg"]).removeprefix("Value error, ")
        return f"{name}: {message}" if place else message[:1].lower() + message[1:]
    if kind == "union_tag_not_found":
        field = str(context["discriminator"]).strip("'")
        return f"{name} needs `{field}`, which says what it is"
    if kind == "union_tag_invalid":
        field, allowed = str(context["discriminator"]).strip("'"), _unquoted(str(context["expected_tags"]))
        tag = str(context["tag"])
        return f"`{written((*place, field))}` is {_either(allowed)}{_not(tag)}{_meant(tag, allowed)}"
    needed = dict.fromkeys(need for each in details if (need := _need(each)))
    meant = _meant(given, [word for each in details for word in _allowed(each)]) if isinstance(given, str) else ""
    return f"{name} needs {' or '.join(needed)}{_not(given)}{meant}"


def _need(error: ErrorDetails) -> str:
    """What a field needs, as one of pydantic's errors says it."""
    kind, context = error["type"], error.get("ctx") or {}
    if kind == "literal_error":
        return _either(_allowed(error))
    if kind in _BOUNDS:
        bound = context[_BOUNDS[kind]]
        return f"{_COMPARED[_BOUNDS[kind]]} {bound:g}" if abs(bound) < 1e6 else f"{_COMPARED[_BOUNDS[kind]]} {bound:,}"
    if kind == "finite_number":
        return "a finite number"
    if kind.endswith(("too_short", "too_long")):
        least = kind.endswith("short")
        number = context["min_length" if least else "max_length"]
        thing = "character" if kind.startswith("string") else "value"
        return f"at {'least' if least else 'most'} {number} {thing}{'' if number == 1 else 's'}"
    if kind == "string_pattern_mismatch":
        return _FORMS.get(context["pattern"], f"text of the form {context['pattern']}")
    if kind in ("model_type", "model_attributes_type", "dataclass_type"):
        return "a section with fields of its own"
    if kind == "is_instance_of":
        return str(context.get("class", "another kind of value"))
    if kind in ("int_from_float", "int_parsing", "int_parsing_size"):
        return "a whole number"
    return _NEEDS.get(kind.partition("_")[0], str(error["msg"])[:1].lower() + str(error["msg"])[1:])


def _allowed(error: ErrorDetails) -> list[str]:
    return _unquoted(str((error.get("ctx") or {}).get("expected", ""))) if error["type"] == "literal_error" else []


def _unquoted(listed: str) -> list[str]:
    """The words of pydantic's `'a', 'b' or 'c'`."""
    return [word.strip(" '") for word in listed.replace(" or ", ", ").split(",") if word.strip(" '")]


def _either(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def _not(given: object) -> str:
    if isinstance(given, Mapping):
        return ", not a section"
    if isinstance(given, list | tuple):
        return ", not a list" if given else ", not an empty list"
    if given is None or isinstance(given, bool):
        return f", not {json.dumps(given)}"
    if isinstance(given, str | int | float):
        text = str(given) if not isinstance(given, str) else repr(given)
        return f", not {text[:SHOWN]}{'…' if len(text) > SHOWN else ''}"
    return ""


def _meant(given: object, names: Sequence[str]) -> str:
    near = difflib.get_close_matches(str(given), names, n=1)
    return f"; did you mean `{near[0]}`?" if near else ""


def _place(location: Sequence[str | int], model: type[BaseModel]) -> tuple[Place, type[BaseModel] | None]:
    """Where in the file an error is, without the names that pydantic gives to members of unions; and its section."""
    place: list[str | int] = []
    here: object = model
    within: type[BaseModel] | None = model
    for part in location:
        if isinstance(part, int):
            place.append(part)
            here = _item(here)
            continue
        section = next((each for each in _members(here) if _is_model(each) and _named(each, part)), None)
        if section is not None:  # the tag of a union's member
            here = within = section
            continue
        models = [each for each in _members(here) if _is_model(each)]
        owner = next((each for each in models if part in each.model_fields), None)
        if owner is not None:
            place.append(part)
            within, here = owner, owner.model_fields[part].annotation
        elif models and len(_members(here)) == len(models):
            place.append(part)  # a field that nobody declared
            within, here = models[0], None
        # else: pydantic's name for a member of a plain union, which is not in the file
    return tuple(place), within


def _members(annotation: object) -> list[Any]:
    """The types that a value may have: of a union each, without marks."""
    if get_origin(annotation) is Annotated:
        return _members(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        return [member for each in get_args(annotation) for member in _members(each) if member is not type(None)]
    return [annotation]


def _item(annotation: object) -> object:
    """The type of a list's items."""
    for member in _members(annotation):
        if get_origin(member) in (tuple, list):
            return get_args(member)[0]
    return None


def _is_model(annotation: object) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _named(model: type[BaseModel], tag: str) -> bool:
    """Whether a union calls this member by `tag`: a field that allows no other value has it."""
    return any(
        get_origin(field.annotation) is Literal and get_args(field.annotation) == (tag,)
        for field in model.model_fields.values()
    )

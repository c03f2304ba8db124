"""The base of every configuration model, and the marks for what must not enter a key and for what names a kind."""

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args, get_origin

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, GetJsonSchemaHandler, JsonValue, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema


def _take_numbers_alone(schema: object) -> None:
    """Make every number in a core schema strict, in place."""
    if isinstance(schema, dict):
        if schema.get("type") in ("int", "float"):
            schema["strict"] = True
        for part in schema.values():
            _take_numbers_alone(part)
    elif isinstance(schema, list | tuple):
        for part in schema:
            _take_numbers_alone(part)


class Config(BaseModel):
    """A frozen configuration; a field nobody declared is an error, so that a typo cannot pass silently.

    A section given in part keeps the rest of what it is by default *in this place*: where a field's default is
    `OptimiserConfig(learning_rate=1e-4)`, the mapping `{name: adam}` means Adam at 1e-4, whatever the class's own
    learning rate. A mapping that names another kind (see `Kind`) is a section of its own and takes nothing over.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, defer_build=True)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: type[BaseModel], handler: GetCoreSchemaHandler) -> CoreSchema:
        """Numbers are what they are written as: `true` is no 1, and "20" in quotes no 20."""
        schema = handler(source)
        _take_numbers_alone(schema)
        return schema

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """The schema, so that forms made from it show every section by its field's name and every choice as a choice.

        Forms know `anyOf`, not the `oneOf` of a union that a kind tells apart, and call a section by its class where
        the field has no title. Of a section without a default they show, and send, its class's defaults, which are not
        always those of this place. What must be given comes first, then the class's own fields, then inherited ones.
        """
        schema = handler(core_schema)
        whole = handler.resolve_ref_schema(schema)
        fields = whole.get("properties", {})
        for name, field in fields.items():
            field.setdefault("title", name.replace("_", " ").strip().title())
            _offer_choices(field)
            if (known := cls.model_fields.get(name)) is None or known.is_required():
                continue
            default = known.get_default(call_default_factory=True, validated_data={})
            if isinstance(default, Config):
                field.setdefault("default", default.model_dump(mode="json", by_alias=True))
        if fields:
            needed, written = whole.get("required", ()), inspect.get_annotations(cls)
            own = {field.alias or name for name, field in cls.model_fields.items() if name in written}
            whole["properties"] = {
                name: fields[name]
                for name in sorted(fields, key=lambda each: 0 if each in needed else 1 if each in own else 2)
            }
        return schema

    @model_validator(mode="before")
    @classmethod
    def _complete_sections(cls, values: object) -> object:
        if not isinstance(values, Mapping):
            return values
        completed = dict(values)
        for name, given in values.items():
            field = cls.model_fields.get(name)
            if field is None or field.is_required() or not isinstance(given, Mapping):
                continue
            default = field.get_default(call_default_factory=True, validated_data={})
            if isinstance(default, Config):
                completed[name] = _completed(given, default)
        return completed


def stated(config: Config) -> dict[str, JsonValue]:
    """What a configuration says beyond its defaults: equal for equal ones, whether a default was written out or not.

    What tells the classes of a union apart, a field that has one value only, is always there.
    """
    plain = config.model_dump(mode="json")
    return {
        name: _stated(getattr(config, name), plain[name])
        for name, field in type(config).model_fields.items()
        if _names_its_class(field.annotation)
        or field.is_required()
        or getattr(config, name) != field.get_default(call_default_factory=True, validated_data={})
    }


def _stated(value: object, plain: JsonValue) -> JsonValue:
    if isinstance(value, Config):
        return stated(value)
    if isinstance(value, tuple | list) and isinstance(plain, list):
        return [_stated(*pair) for pair in zip(value, plain, strict=True)]
    return plain


@dataclass(frozen=True)
class NotInKey:
    """Marks a field, `Annotated[Path, NotInKey()]`, whose value cannot change a result.

    Devices, worker counts and log levels are such fields, and so are paths to inputs: their *content* enters the
    key, through `External`, wherever they lie.
    """


@dataclass(frozen=True)
class Kind:
    """Marks a field, `Annotated[Literal["tregs", "koleo"], Kind()]`, whose value says what the others mean.

    Another value makes another section, to which the defaults of this one do not belong. The discriminator of a union
    needs no mark: its class allows no other value.
    """


def _offer_choices(schema: object) -> None:
    """Turn every `oneOf` of a field's schema into `anyOf`, in place."""
    if isinstance(schema, list):
        for each in schema:
            _offer_choices(each)
    elif isinstance(schema, dict):
        if "oneOf" in schema:
            schema["anyOf"] = schema.pop("oneOf")
            schema.pop("discriminator", None)
        for each in schema.values():
            _offer_choices(each)


def _completed(given: Mapping[str, object], default: Config) -> dict[str, object]:
    """What was given, with what `default` states explicitly wherever nothing was given."""
    completed = dict(given)
    fields = type(default).model_fields
    for name, field in fields.items():
        if name in given and _is_another_kind(given[name], getattr(default, name), field.annotation, field.metadata):
            return completed
    for name in fields:
        value = getattr(default, name)
        if name not in given:
            if name in default.model_fields_set:
                completed[name] = value
        elif isinstance(value, Config) and isinstance(inner := given[name], Mapping):
            completed[name] = _completed(inner, value)
    return completed


def _is_another_kind(given: object, default: object, annotation: object, marks: list[object]) -> bool:
    if any(isinstance(mark, Kind) for mark in marks):
        return given != default
    return _names_its_class(annotation) and given not in get_args(annotation)


def _names_its_class(annotation: object) -> bool:
    """Whether a field has one value only, which tells the classes of a union apart."""
    return get_origin(annotation) is Literal and len(get_args(annotation)) == 1

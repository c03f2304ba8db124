"""What a form that is made from a schema can send: every choice of every union, with the rest as the form shows it."""

from collections.abc import Iterator, Mapping
from typing import Any

Schema = Mapping[str, Any]
Path = tuple[str | int, ...]
"""The way to a choice: names of fields, numbers of choices, and `ITEM` into a list."""

ITEM = "[]"


class Form:
    """The form of a flow's parameters, as Prefect's pages make it of the schema that its server has."""

    def __init__(self, parameters: Schema) -> None:
        self._known: Mapping[str, Schema] = parameters["definitions"]

    def sent(self, shown: Mapping[str, Any], **changed: Any) -> dict[str, Any]:
        """All that is sent of a pipeline's configuration that is shown, with fields changed."""
        fields = self._known["PipelineConfig"]["properties"]
        return {name: self.filled(each) for name, each in fields.items()} | dict(shown) | changed

    def choices(self, schema: Schema) -> Iterator[Path]:
        """The way to every choice of every union below a schema; what a model is made of is looked at once."""
        yield from self._choices(schema, (), set())

    def _choices(self, schema: Schema, before: Path, seen: set[str]) -> Iterator[Path]:
        if (name := schema.get("$ref", "").rpartition("/")[2]) in seen:
            return
        seen |= {name} - {""}
        schema = self._whole(schema)
        for number, choice in enumerate(schema.get("anyOf", ())):
            yield (*before, number)
            yield from self._choices(choice, (*before, number), seen)
        for field, inner in schema.get("properties", {}).items():
            yield from self._choices(inner, (*before, field), seen)
        if isinstance(items := schema.get("items"), Mapping):
            yield from self._choices(items, (*before, ITEM), seen)

    def filled(self, schema: Schema, path: Path = ()) -> Any:
        """What is sent where a person goes that way and changes nothing else: defaults, or the least allowed."""
        schema = self._whole(schema)
        step, rest = (path[0], path[1:]) if path else (None, ())
        if step is None and "default" in schema:
            return schema["default"]
        if "anyOf" in schema:
            chosen = self._whole(schema["anyOf"][step or 0])
            return self.filled(
                {**chosen, "default": now} if _fits(now := schema.get("default"), chosen) else chosen, rest
            )
        if "properties" in schema:
            shown = {name: self.filled(each) for name, each in schema["properties"].items()}
            shown |= schema.get("default") or {}
            if step is None:
                return shown
            field, now = schema["properties"][step], shown[step]
            return shown | {step: self.filled({**field, "default": now} if isinstance(now, dict) else field, rest)}
        if schema.get("type") == "array":
            if step == ITEM:
                return [self.filled(schema["items"], rest)]
            some = schema.get("prefixItems") or [schema.get("items", {})] * schema.get("minItems", 0)
            return [self.filled(each) for each in some]
        return _least(schema)

    def _whole(self, schema: Schema) -> Schema:
        """A schema with what it refers to."""
        if "$ref" not in schema:
            return schema
        beside = {name: value for name, value in schema.items() if name != "$ref"}
        return {**self._whole(self._known[schema["$ref"].rpartition("/")[2]]), **beside}


def _fits(value: object, choice: Schema) -> bool:
    """Whether a section that is shown is one of this choice, so that it is kept while something in it is changed."""
    fields = choice.get("properties", {})
    return isinstance(value, dict) and all(
        name in fields and fields[name].get("const", each) == each for name, each in value.items()
    )


def _least(schema: Schema) -> Any:
    """The least value of a plain field."""
    if "const" in schema or "enum" in schema:
        return schema.get("const", schema.get("enum", [None])[0])
    kind = schema.get("type")
    if kind == "string":
        return "x" * max(1, schema.get("minLength", 1))
    if kind in ("integer", "number"):
        least = schema.get("minimum", schema.get("exclusiveMinimum", 0))
        if "exclusiveMinimum" not in schema:
            return least
        return (least + schema["exclusiveMaximum"]) / 2 if "exclusiveMaximum" in schema else least + 1
    return {"boolean": False, "null": None, "object": {}}[kind]

"""Cache keys: what a stage run depends on, part by part, so that a miss can be explained."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, is_dataclass
from pathlib import Path
from types import UnionType
from typing import Annotated, Union, get_args, get_origin

from pydantic import BaseModel, JsonValue
from pydantic.fields import FieldInfo

from storage.config import NotInKey
from storage.hashing import hash_json
from storage.record.manifest import External, Manifest, Parent
from storage.tree import children, leaves


@dataclass(frozen=True)
class KeyParts:
    """Everything that decides a result: `key = hash(stage, version, code, arguments)`."""

    stage: str
    version: int
    code: str
    arguments: Mapping[str, JsonValue]
    parents: tuple[Parent, ...]

    @property
    def key(self) -> str:
        """32 hex digits."""
        return hash_json([self.stage, self.version, self.code, dict(self.arguments)])


def key_parts(stage: str, version: int, code: str, arguments: Mapping[str, object]) -> KeyParts:
    """The parts of the key of one call. Raises `TypeError` for an argument that has no canonical form."""
    return KeyParts(
        stage=stage,
        version=version,
        code=code,
        arguments={name: canonical(value, name) for name, value in arguments.items()},
        parents=tuple(parent for name, value in arguments.items() for parent in _parents(name, value)),
    )


def canonical(value: object, where: str) -> JsonValue:
    """The JSON form under which a value enters a key; manifests enter by digest, external files by content.

    A path has no canonical form (the same path may hold other content, and the same content lie elsewhere), nor has
    a set (its order differs between processes): both raise `TypeError`, unless the field is marked `NotInKey`.
    So do NaN, the infinities, and a mapping whose names are not text.
    """
    if isinstance(value, float) and not math.isfinite(value):
        raise TypeError(f"{where}: {value} cannot enter a cache key; give a finite number or None")
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Manifest):
        return {"stage": value.stage, "digest": value.digest}
    if isinstance(value, BaseModel):
        fields = {
            name: canonical(getattr(value, name), f"{where}.{name}")
            for name, field in type(value).model_fields.items()
            if not _left_out(field)
        }
        return fields
    if is_dataclass(value) and not isinstance(value, type):
        return {name: canonical(child, f"{where}.{name}") for name, child in children(value)}
    if isinstance(value, Mapping):
        if strange := [name for name in value if not isinstance(name, str)]:
            raise TypeError(f"{where}: the name {strange[0]!r} of a mapping must be text to enter a cache key")
        return {name: canonical(item, f"{where}.{name}") for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [canonical(item, f"{where}[{index}]") for index, item in enumerate(value)]
    hint = "; pass an External, or mark the field NotInKey" if isinstance(value, Path) else ""
    raise TypeError(f"{where}: a {type(value).__name__} cannot enter a cache key{hint}")


def _left_out(field: FieldInfo) -> bool:
    """Whether a field is marked: `Annotated[Path, NotInKey()]`, or the same within an optional, `… | None`."""
    marks = list(field.metadata)
    if get_origin(field.annotation) in (Union, UnionType):
        members = [member for member in get_args(field.annotation) if member is not type(None)]
        if len(members) == 1 and get_origin(members[0]) is Annotated:
            marks += members[0].__metadata__
    return any(isinstance(mark, NotInKey) for mark in marks)


def _parents(argument: str, value: object) -> Iterator[Parent]:
    for place, leaf in leaves(value, argument):
        if isinstance(leaf, Manifest):
            yield Parent(argument=place, stage=leaf.stage, key=leaf.key, digest=leaf.digest)
        elif isinstance(leaf, External):
            yield Parent(argument=place, stage="external", key=leaf.fingerprint, digest=leaf.fingerprint)

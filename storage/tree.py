"""Trees of inputs: what lies inside the lists, tuples, mappings and dataclasses that a stage is called with."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass


def map_tree(value: object, make: Callable[[object], object]) -> object:
    """The value with every leaf replaced by `make(leaf)`; containers are rebuilt, mappings as plain dicts.

    A leaf is whatever is no list, tuple, mapping or dataclass: configurations and manifests are leaves.
    """
    if is_dataclass(value) and not isinstance(value, type):
        return type(value)(**{name: map_tree(child, make) for name, child in children(value)})
    if isinstance(value, Mapping):
        return {name: map_tree(child, make) for name, child in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(map_tree(child, make) for child in value)
    return make(value)


def leaves(value: object, where: str = "") -> Iterator[tuple[str, object]]:
    """Every leaf with its place: `curation.matches[3]`."""
    if is_dataclass(value) and not isinstance(value, type):
        named = [(f"{where}.{name}" if where else name, child) for name, child in children(value)]
    elif isinstance(value, Mapping):
        named = [(f"{where}.{name}" if where else str(name), child) for name, child in value.items()]
    elif isinstance(value, list | tuple):
        named = [(f"{where}[{index}]", child) for index, child in enumerate(value)]
    else:
        yield where, value
        return
    for place, child in named:
        yield from leaves(child, place)


def children(value: object) -> list[tuple[str, object]]:
    """The fields of a dataclass instance, as its constructor takes them."""
    assert is_dataclass(value)
    return [(field.name, getattr(value, field.name)) for field in fields(value) if field.init]

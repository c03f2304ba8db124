"""Arguments of public functions, refused in one sentence where they cannot be meant."""

import math
import operator
from typing import SupportsFloat, SupportsIndex, cast

from storage.errors import InputError


def one_of(value: object, known: tuple[object, ...], name: str) -> None:
    """Refuse a name that is not known; `known` is what `typing.get_args` says of a `Literal`."""
    if value not in known:
        raise InputError(f"unknown {name} {value!r}; use {', '.join(map(str, known))}")


def whole(value: float | SupportsIndex, name: str, *, least: int) -> int:
    """A whole number, Python's or numpy's, of at least `least`; a float is refused, even one without a fraction."""
    try:
        number = operator.index(cast(SupportsIndex, value))
    except TypeError:
        raise InputError(f"{name} must be a whole number, not {' '.join(repr(value).split())[:60]}") from None
    if number < least:
        raise InputError(f"{name} must be at least {least}, not {number}")
    return number


def not_negative(value: SupportsFloat, name: str) -> float:
    """A number that is finite and 0 or more."""
    number = float(value)
    if not 0 <= number < math.inf:
        raise InputError(f"{name} must be 0 or more and finite, not {number:g}")
    return number


def positive(value: SupportsFloat, name: str) -> float:
    """A number that is finite and more than 0."""
    number = float(value)
    if not 0 < number < math.inf:
        raise InputError(f"{name} must be more than 0 and finite, not {number:g}")
    return number

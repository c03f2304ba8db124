"""A path of this machine or a URL, in one type that configurations hold."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias, TypeGuard
from urllib.parse import unquote, urlsplit

from pydantic import PlainSerializer, PlainValidator, WithJsonSchema

from storage.errors import InputError
from storage.places.local import spelled
from storage.places.secrets import divided

if TYPE_CHECKING:
    from upath import UPath

    Place: TypeAlias = Path | UPath
else:  # UPath is loaded with the first URL, so that who has none needs none

    def _validated(value: object) -> Place:
        if not isinstance(value, str | Path) and not is_url(value):
            raise ValueError("a path or a URL must be text")
        return place(spelled(value) if isinstance(value, str) else value)

    Place = Annotated[
        Path,
        PlainValidator(_validated),
        PlainSerializer(str, when_used="json"),
        WithJsonSchema({"type": "string", "format": "path"}),
    ]

_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_FLAT = re.compile(r"(s3a?|gs|gcs|https?|hf|abfs|az|memory):/(?!/)")
"""A URL that `pathlib` took for a path: `Path("s3://bucket/x")` is `s3:/bucket/x`."""


def place(value: str | Place) -> Place:
    """A path as it is, or the URL that a text spells: `s3://`, `gs://`, `http(s)://`, `hf://` and others.

    `file://` is a path. A web address with a signature or a token in its query keeps that out of its text. Raises
    `InputError` for a URL that nothing installed can read, and for one that holds a password.
    """
    if not isinstance(value, str):
        if _FLAT.match(str(value)) and isinstance(value, Path):
            raise InputError(f"{value} was a URL before it was made a Path: give it as text")
        return value
    found = _URL.match(value)
    if found is None:
        return Path(value)
    protocol, parts = found[1].lower(), urlsplit(value)
    if protocol in ("file", "local"):
        return Path(unquote(value[found.end() :]) if protocol == "file" else value[found.end() :])
    if parts.password is not None:
        raise InputError(
            f"a URL at {parts.hostname} holds a password: leave it out, and give it to fsspec by its configuration "
            "(docs/urls.md)"
        )
    return _opened(value, protocol)


def absolute(value: Place) -> str:
    """A place as a text that means the same in any working folder.

    Raises `InputError` for an address with a signature or a token, which no text that is kept may hold.
    """
    if hasattr(value, "carrying"):
        raise InputError(
            f"{value} was given with a signature or a token, which runs out and is not written down: what lies there "
            "cannot be referred to; leave `image_content: keep` out"
        )
    return str(value.absolute()) if isinstance(value, Path) else str(value)


def whole_address(value: Place) -> str:
    """A place with the signature or token that its text lacks: for who reads it, never for who is shown it."""
    if isinstance(value, Path) or not hasattr(value, "carrying"):
        return absolute(value)
    return str(value.path)


def beside(value: Place, text: str) -> Place:
    """The place that a text spells, with the signature of another one where that has one."""
    found = place(text)
    return value.carrying(found) if hasattr(value, "carrying") else found


def is_url(value: object) -> TypeGuard[UPath]:
    """Whether a place is a URL, read over the network."""
    return not isinstance(value, Path) and hasattr(value, "fs")


def _opened(url: str, protocol: str) -> UPath:
    try:
        import fsspec
        from upath import UPath

        fsspec.get_filesystem_class(protocol)
    except ImportError as error:
        needed = error.name or str(error)
        raise InputError(f"{url} cannot be read without {needed}: pip install 'equipoise[remote]'") from None
    except ValueError:
        raise InputError(f"{url}: no {protocol}:// is known to fsspec; s3, gs, http, https, hf and file are") from None
    if protocol in ("http", "https"):
        plain = {"Accept-Encoding": "identity"}  # sizes and ranges are those of the file itself
        if divided(url)[1]:
            from storage.places.signed import SignedPath

            return SignedPath.of(url, headers=plain)
        return UPath(url, headers=plain)
    return UPath(url)

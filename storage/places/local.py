"""A path of this machine, as configurations spell it."""

from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator


def spelled(text: str) -> str:
    """A path's text as a configuration means it: `~` is the home folder, as in a shell.

    Raises `ValueError` for an empty text, which would be the working folder, for a home that nobody has, and for a null
    character, which no file's name has.
    """
    if "\0" in text:
        raise ValueError("a path holds a null character, as no file's name does")
    if not text.strip():
        raise ValueError("a path is empty; name a file or a folder (. is the working folder)")
    try:
        return str(Path(text).expanduser()) if text.startswith("~") else text
    except RuntimeError:
        raise ValueError(f"{text}: no such user's home is known; write the path out") from None


def _local(value: object) -> object:
    if not isinstance(value, str):
        return value
    if "://" in value:
        raise ValueError(f"{value} is a URL, and this must be a path of this machine")
    return spelled(value)


LocalPath = Annotated[Path, BeforeValidator(_local)]
"""A path of this machine; a text that begins with `~` starts at the home folder, an empty one and a URL are refused."""

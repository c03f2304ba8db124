"""What lies at a place, without reading it: kind, size, mark, and the files below it."""

from __future__ import annotations

import errno
import re
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import unquote

from storage.errors import InputError
from storage.places.place import Place
from storage.places.retry import may_pass, retried, sentence

if TYPE_CHECKING:
    from upath import UPath

Result = TypeVar("Result")

ASKED_AT_ONCE = 16

_CONTENT = ("etag", "content-md5", "md5hash", "digest", "generation", "versionid", "version_id", "blob_id")
_TIME = ("last-modified", "lastmodified", "last_modified", "mtime", "modified", "updated", "created")


@dataclass(frozen=True)
class State:
    """A file as it is now.

    Attributes:
        size: bytes; None where a server does not say.
        mark: what changes with the content: an ETag or a checksum, else the time of the last change; None where a
            server says neither.
    """

    size: int | None
    mark: str | None


def is_file(place: Place) -> bool:
    """Whether a file lies there."""
    return _is_there(place.is_file) if isinstance(place, Path) else _kind(place) == "file"


def is_dir(place: Place) -> bool:
    """Whether a folder lies there. On a web server that is an address that ends with `/`, or a page of links."""
    return _is_there(place.is_dir) if isinstance(place, Path) else _kind(place) == "directory"


def _is_there(looked_for: Callable[[], bool]) -> bool:
    """What `pathlib` says; of a name that no file system takes, that nothing is there."""
    try:
        return looked_for()
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            return False
        raise


def which_exist(places: Sequence[Place]) -> list[bool]:
    """For each place whether a file lies there; URLs are asked for side by side."""
    if all(isinstance(place, Path) for place in places):
        return [is_file(place) for place in places]
    with ThreadPoolExecutor(ASKED_AT_ONCE) as pool:
        return list(pool.map(is_file, places))


def state(place: Place) -> State:
    """A file's size and mark. Raises `FileNotFoundError`, and `InputError` where it cannot be asked."""
    if not isinstance(place, Path):
        return _state(information(place))
    found = place.stat()
    return State(found.st_size, f"{found.st_mtime_ns}|{found.st_ino}")


def matching(root: Place, pattern: str) -> list[str]:
    """The files below a folder whose relative paths match a glob pattern (`**` too), sorted."""
    if isinstance(root, Path):
        return sorted(path.relative_to(root).as_posix() for path in root.glob(pattern) if path.is_file())
    return [name for name, _ in files_below(root, pattern)]


def files_below(root: UPath, pattern: str = "**/*") -> list[tuple[str, State]]:
    """The files below a folder at a URL, as one listing tells them: relative paths, sorted, with their states.

    A state without size and mark has to be asked for: web servers list names alone.
    """
    from fsspec.utils import glob_translate

    system, base = root.fs, root.path.rstrip("/")
    depth = None if "**" in pattern else pattern.count("/") + 1
    system.invalidate_cache()
    found = asked(lambda: system.find(base, maxdepth=depth, detail=True), root)
    wanted = re.compile(glob_translate(pattern))
    names = ((_relative(name, base), facts) for name, facts in found.items() if name.startswith(f"{base}/"))
    return sorted(((name, _state(facts)) for name, facts in names if wanted.match(name)), key=lambda pair: pair[0])


def information(place: UPath) -> Mapping[str, object]:
    """What fsspec knows of a file or folder. Raises `FileNotFoundError`."""

    def told() -> Mapping[str, object]:
        try:
            found: Mapping[str, object] = place.fs.info(place.path)
        except FileNotFoundError as error:  # so fsspec calls whatever a web server answered
            cause = error.__cause__
            if isinstance(cause, Exception) and getattr(cause, "status", None) not in (404, 410):
                raise cause from None
            raise
        return found

    return asked(told, place)


def asked(call: Callable[[], Result], place: object) -> Result:
    """What a call over the network returns, retried; what it fails with in the end is one sentence."""
    try:
        return retried(call, place)
    except (InputError, FileNotFoundError):
        raise
    except Exception as error:  # of whatever client reads this protocol
        if may_pass(error) or isinstance(error, AssertionError | TypeError):
            raise
        raise InputError(
            f"{place} cannot be read ({sentence(error)}): look at the address and at the credentials that fsspec finds"
        ) from error


def _kind(place: UPath) -> str | None:
    if place.protocol.startswith("http") and str(place).endswith("/"):
        return "directory"
    try:
        facts = information(place)
    except FileNotFoundError:
        return None
    if place.protocol.startswith("http") and str(facts.get("url", "")).endswith("/"):
        return "directory"  # where a server sends those who ask for a folder without its `/`
    return str(facts["type"])


def _relative(name: str, base: str) -> str:
    """The path below `base`; of a web address as it is read, unless it holds what would mean something else there."""
    relative = name[len(base) :].lstrip("/")
    plain = unquote(relative) if "://" in base else relative
    return relative if set(plain) & set("%?#") else plain


def _state(facts: Mapping[str, object]) -> State:
    size = facts.get("size")
    held = {name.lower(): value for name, value in facts.items() if value not in (None, "")}
    lfs = held.get("lfs")
    if isinstance(lfs, Mapping):
        held["blob_id"] = lfs.get("sha256")
    for names in (_CONTENT, _TIME):
        said = [f"{name}={_spelled(held[name])}" for name in names if name in held]
        if said:
            return State(size if isinstance(size, int) else None, "|".join(said))
    return State(size if isinstance(size, int) else None, None)


def _spelled(value: object) -> str:
    """A time as fsspec gives it, as a number or as a datetime, in one spelling."""
    stamp = getattr(value, "timestamp", None)
    return str(value if stamp is None else stamp())

"""Which files a source is: one, those of a folder, or those that a pattern in the path names."""

import re
from itertools import islice
from pathlib import Path

from braceexpand import braceexpand

from storage.errors import InputError
from storage.places.ask import is_dir, is_file, matching
from storage.places.place import Place, beside
from tasks.ingest.pictures.paths import require_folder
from tasks.ingest.text import is_unicode, printable

MOST_FILES = 1_000_000
"""More than any data set has shards."""


def shard_files(path: Place, pattern: str, source: str) -> tuple[Place, tuple[str, ...]]:
    """A folder, and the files below it that the source `source` is, relative and in order.

    Args:
        path: a file; a folder, of which `pattern` names the files; or a path with a pattern in itself.
        pattern: a glob pattern (`*`, `?`, `[…]`, `**`) with braces (`{00000..00041}`, `{a,b}`). What only braces name
            is taken as named, without a look: a missing file shows when it is opened, by its name.
        source: for sentences.

    Raises:
        InputError: there is no file.
    """
    root, inner = split_pattern(path)
    if inner is None:
        if is_file(path):
            return path.parent, (path.name,)
        root, inner = require_folder(path, f"path of the source {source!r}"), pattern
    try:
        patterns = list(islice(braceexpand(inner), MOST_FILES + 1))
    except ValueError:
        raise InputError(f"the pattern {inner!r} of the source {source!r} has a brace too many or too few") from None
    if len(patterns) > MOST_FILES:
        raise InputError(f"the pattern {inner!r} of the source {source!r} names more than {MOST_FILES:,} files")
    names = [name for each in patterns for name in (matching(root, each) if _magic(each, root) else [each])]
    if not names:
        raise InputError(f"no file in {root} matches {inner!r}: correct path or pattern of {source!r}")
    return root, tuple(dict.fromkeys(map(require_unicode, names)))


def require_unicode(name: str) -> str:
    """A file's name, which is part of keys. Raises `InputError` where it is not UTF-8."""
    if not is_unicode(name):
        raise InputError(f"the file name {printable(name)!r} is not UTF-8: rename the file")
    return name


def split_pattern(path: Place) -> tuple[Place, str | None]:
    """The folder before the first part of a path that is a pattern, and the rest; None where there is no pattern."""
    if isinstance(path, Path) and (is_file(path) or is_dir(path)):
        return path, None
    text = str(path)
    scheme, separator, below = text.rpartition("://")
    parts = below.split("/")
    for number, part in enumerate(parts):
        if _magic(part, path) or (re.search(r"\{.*(,|\.\.).*\}", "/".join(parts[number:])) and "{" in part):
            folder = "/".join(parts[:number])
            return beside(path, scheme + separator + folder if separator else folder or "."), "/".join(parts[number:])
    return path, None


def _magic(pattern: str, where: Place) -> bool:
    """Whether a name has to be looked for; a `?` of a web address begins its query."""
    is_web = not isinstance(where, Path) and where.protocol.startswith("http")
    return bool(set(pattern) & set("*[" if is_web else "*?["))

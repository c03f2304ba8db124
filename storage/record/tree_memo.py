"""What was found in source files, remembered from one process to the next by their content.

Parsing every file that a stage's key depends on takes a second of processor time, in each process anew. What is found
in a file depends on its bytes, the version of Python and the finder's own code, so an entry that names all three cannot
be wrong. The memo lies where Python keeps byte code, and where nothing can be written there, nothing is remembered.
"""

import atexit
import json
import sys
from collections.abc import Callable, Iterable, Sequence
from hashlib import blake2b
from importlib.util import cache_from_source
from pathlib import Path
from typing import NamedTuple

from storage.atomic import write_whole


class Found(NamedTuple):
    """What a syntax tree says.

    Attributes:
        tree: its hash, without its docstrings.
        modules: the project's modules that it imports, or imports from.
        perhaps: what it imports from those: modules too, or names in them.
    """

    tree: str
    modules: tuple[str, ...]
    perhaps: tuple[str, ...]


class TreeMemo:
    """What was found, by name.

    Args:
        file: where it is kept; read at the first question, written when the process ends.
        finders: the files of the code that finds; a change in them forgets everything.
    """

    def __init__(self, file: Path, finders: Iterable[Path]) -> None:
        self._file = file
        code = [each.read_bytes() for each in finders]
        self._by = _mark(b"\0".join([sys.version.encode(), *code]))
        self._known: dict[str, Sequence[object]] | None = None
        self._changed = False

    def find(self, name: str, content: bytes, finder: Callable[[], Found]) -> Found:
        """What `finder` finds in `content`, asked only where the memo does not know it."""
        if self._known is None:
            self._known = self._load()
        mark = _mark(content)
        match self._known.get(name):
            case [known, str(tree), [*modules], [*perhaps]] if known == mark:
                return Found(tree, tuple(map(str, modules)), tuple(map(str, perhaps)))
        found = finder()
        self._known[name] = (mark, *found)
        if not self._changed:
            self._changed = True
            atexit.register(self.save)
        return found

    def save(self) -> None:
        """Write what is known, where byte code would be written too."""
        if sys.dont_write_bytecode:
            return
        try:
            write_whole(self._file, json.dumps({"by": self._by, "found": self._known}))
        except OSError:
            return

    def _load(self) -> dict[str, Sequence[object]]:
        try:
            memo = json.loads(self._file.read_text(encoding="utf-8"))
            return dict(memo["found"]) if memo["by"] == self._by else {}
        except (OSError, ValueError, TypeError, KeyError):
            return {}


def _mark(content: bytes) -> str:
    return blake2b(content, digest_size=16).hexdigest()


def beside_byte_code(source: str, name: str) -> Path:
    """A file `name` where the byte code of `source` is kept."""
    return Path(cache_from_source(source)).with_name(name)

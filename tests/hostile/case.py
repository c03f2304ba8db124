"""A hostile input with its stated outcome, and how it is put on disk and read."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from storage.config import Config
from tasks.ingest.groups import plan_groups
from tests.hostile import guard
from tests.tasks.ingest.conftest import rows_of

Content = bytes | Callable[[], bytes]


@dataclass(frozen=True)
class Link:
    """A symbolic link in the place of a file; `{secret}` is a file outside that nobody may read."""

    target: str


@dataclass(frozen=True)
class Rows:
    """What a reader gave: the captions (or names, or texts) of what it took, and the reasons of what it refused."""

    taken: tuple[str, ...] = ()
    rejected: tuple[str, ...] = ()


@dataclass(frozen=True)
class Case:
    """One input.

    Attributes:
        kind: the section of the page.
        name: what it is, in words.
        read: writes it into an empty folder, reads it, and says what came of it.
        taken: the texts taken, whole and in order; a number where only that counts.
        rejected: the reasons of the rows refused, in order.
        error: part of the one sentence with which all is refused before work starts; None where nothing is.
    """

    kind: str
    name: str
    read: Callable[[Path], Rows]
    taken: tuple[str, ...] | int = ()
    rejected: tuple[str, ...] = ()
    error: str | None = None

    @property
    def outcome(self) -> str:
        """The outcome in words."""
        if self.error is not None:
            return f"one error: “{self.error}”"
        count = self.taken if isinstance(self.taken, int) else len(self.taken)
        if not count and not self.rejected:
            return "no row: a source without one ends the run with one error"
        parts = [f"{count} taken"] if count else []
        parts += [f"{self.rejected.count(reason)} rejected: {reason}" for reason in dict.fromkeys(self.rejected)]
        return "; ".join(parts)


def put(folder: Path, files: Mapping[str, Content | Link]) -> None:
    """Write files below a folder, names as the corpus has them; whoever reads them then is watched."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, Link):
            path.symlink_to(content.target.format(secret=folder.parent / "secret"))
        else:
            path.write_bytes(content() if callable(content) else content)
    guard.begin(folder)


def source(
    config: Callable[..., Config], files: Mapping[str, Content | Link], path: str = "", **options: Any
) -> Callable[[Path], Rows]:
    """Reads a source of some kind, as the stage `ingest` does, group by group."""

    def read(folder: Path) -> Rows:
        put(folder, files)
        made: Any = config(name="hostile", path=folder / path, **options)
        taken, rejected = rows_of(made, plan_groups(made))
        return Rows(tuple(row["caption"] for row in taken), tuple(row["reason"] for row in rejected))

    return read

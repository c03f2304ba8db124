"""What ingest asks of a kind of source; a folder beside this file answers for each kind."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from storage.config import Config
from storage.places.place import Place
from tasks.ingest.pictures.paths import require_folder
from tasks.ingest.rows.batches import Batch
from tasks.ingest.rules import MAX_GROUPS, Group

C = TypeVar("C", bound=Config)

NO_IMAGES = "none"
"""What `Source.images` says of a source of captions alone."""


def no_names(config: Config, files: Sequence[Place]) -> Sequence[str]:
    """The label names of a source whose labels have none."""
    return ()


@dataclass(frozen=True)
class Source(Generic[C]):
    """One kind of source, as functions of its configuration.

    Attributes:
        plan: the groups of a source, at most `MAX_GROUPS`, which together are the source, in order. The plan depends
            on the source and on nothing of the machine.
        files: the files and folders whose content a group depends on; they are fingerprinted, and come back in this
            order as the argument of `batches` and of `class_names`.
        batches: the group's rows, in order. Concatenated over a plan's groups they are the same whatever the plan.
        images: whose the images are, said honestly: a photo of the same class is not the photo that a title was
            given to.
        class_names: the names of the labels 0, 1, …; empty where they have none.
    """

    plan: Callable[[C], tuple[Group, ...]]
    files: Callable[[C, Group], tuple[Place, ...]]
    batches: Callable[[C, Group, Sequence[Place]], Iterator[Batch]]
    images: Callable[[C], str]
    class_names: Callable[[C, Sequence[Place]], Sequence[str]] = no_names


def slices(rows: int, rows_per_group: int) -> tuple[Group, ...]:
    """Equal slices of the rows of a source, each of about `rows_per_group`, and at most `MAX_GROUPS`."""
    of = min(MAX_GROUPS, max(1, -(-rows // rows_per_group)))
    return tuple(Group(index=index, of=of) for index in range(of))


def blocks(names: Sequence[str]) -> tuple[Group, ...]:
    """One group a file, so that a new file costs only itself.

    Beyond `MAX_GROUPS` files: blocks of 2, 4, 8, … consecutive files, so that a file added at the end still touches
    only the last block until the blocks double.
    """
    block = 1
    while -(-len(names) // block) > MAX_GROUPS:
        block *= 2
    return tuple(Group(files=tuple(names[start : start + block])) for start in range(0, len(names), block))


def image_folder(folder: Place | None, name: str) -> tuple[Place, ...]:
    """The folder of images of the source `name`, as `Source.files` lists it: none, or one that exists."""
    return () if folder is None else (require_folder(folder, f"image folder of the source {name!r}"),)


def first(paths: Sequence[Place]) -> Place | None:
    """The first path, None where there is none."""
    return paths[0] if paths else None

"""What ingest asks of a kind of source; a folder beside this file answers for each kind."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from storage.config import Config
from storage.places.place import Place
from tasks.ingest.pictures.paths import require_folder
from tasks.ingest.rows.batches import Batch
from tasks.ingest.rules import Group

C = TypeVar("C", bound=Config)

NO_IMAGES = "none"
"""What `Source.images` says of a source of captions alone."""


def provenance(has_images: bool) -> str:
    """What `Source.images` says of a source whose images, if it has any, are its rows' own."""
    return "the row's own" if has_images else NO_IMAGES


def no_names(config: Config, files: Sequence[Place]) -> Sequence[str]:
    """The label names of a source whose labels have none."""
    return ()


def no_header(config: Config) -> Iterator[str]:
    """The faults of a source that has no header."""
    return iter(())


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
        header_faults: what headers and first rows already say is wrong, a sentence each.
    """

    plan: Callable[[C], tuple[Group, ...]]
    files: Callable[[C, Group], tuple[Place, ...]]
    batches: Callable[[C, Group, Sequence[Place]], Iterator[Batch]]
    images: Callable[[C], str]
    class_names: Callable[[C, Sequence[Place]], Sequence[str]] = no_names
    header_faults: Callable[[C], Iterator[str]] = no_header


def image_folder(folder: Place | None, name: str) -> tuple[Place, ...]:
    """The folder of images of the source `name`, as `Source.files` lists it: none, or one that exists."""
    return () if folder is None else (require_folder(folder, f"image folder of the source {name!r}"),)


def first(paths: Sequence[Place]) -> Place | None:
    """The first path, None where there is none."""
    return paths[0] if paths else None

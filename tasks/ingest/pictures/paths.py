"""Paths that a source names: checked before use, and never followed out of the folder they belong to."""

import os
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path, PurePosixPath, PureWindowsPath

from storage.errors import InputError
from storage.places.ask import is_dir, is_file
from storage.places.place import Place
from tasks.ingest.reasons import Reason


def require_file(path: Place, what: str) -> Place:
    """`path`, if it is a file; otherwise an `InputError` that calls it `what`."""
    if not is_file(path):
        found = "is a folder, not a file" if is_dir(path) else "does not exist"
        raise InputError(f"the {what} {path} {found}: correct the path in the configuration")
    return path


def require_folder(path: Place, what: str) -> Place:
    """`path`, if it is a folder; otherwise an `InputError` that calls it `what`."""
    if not is_dir(path):
        found = "is a file, not a folder" if is_file(path) else "does not exist"
        raise InputError(f"the {what} {path} {found}: correct the path in the configuration")
    return path


def escapes(relative: str) -> bool:
    """Whether a relative path, read as text, points out of its folder: absolute, with a drive, or through `..`."""
    windows = PureWindowsPath(relative)
    return (
        PurePosixPath(relative).is_absolute()
        or bool(windows.drive or windows.root)
        or ".." in PurePosixPath(relative).parts
        or ".." in windows.parts
    )


def below(root: Path, path: str) -> str | None:
    """An absolute path, as seen from a folder that it is written below, however that is spelled itself; else None."""
    within = PurePosixPath(path)
    for spelled in (os.path.abspath(root), str(root)):  # noqa: PTH100  links are not followed here
        if within.is_relative_to(spelled):
            return within.relative_to(spelled).as_posix()
    return None


def confine(root: Place, relative: str, links_to: Sequence[str] = ()) -> Place | tuple[Reason, str]:
    """The regular file `root/relative`, or the reason and detail of why not.

    `..`, absolute paths that do not lie below `root`, and symbolic links that end outside both `root` and the folders
    `links_to` are refused before anything is opened; other links are followed. Folders, pipes and devices count as
    missing. Below a URL there are no links, and what is missing shows when it is opened.
    """
    if relative.startswith("/") and isinstance(root, Path):
        relative = below(root, relative) or relative
    if escapes(relative):
        return "path escapes the image folder", relative
    if not isinstance(root, Path):
        return root / relative
    try:
        path = (root / relative).resolve()
        if not any(path.is_relative_to(folder) for folder in _resolved(root, tuple(links_to))):
            detail = f"{relative} is a link to somewhere else; where that is meant, name its folder in links_to"
            return "path escapes the image folder", detail
        if path.is_file():
            return path
    except (
        OSError,
        ValueError,
        RuntimeError,
    ) as error:  # a NUL in the path, a name too long, a loop of links
        return "missing image", f"{relative}: {error}"
    return "missing image", relative


@lru_cache(maxsize=64)
def _resolved(root: Path, links_to: tuple[str, ...]) -> tuple[Path, ...]:
    return tuple(folder.resolve() for folder in (root, *map(Path, links_to)))


def linked_folders(root: Path, links_to: Sequence[str]) -> tuple[list[str], list[str]]:
    """The symbolic links to folders below a folder, by their relative paths: those that may be followed, and others.

    Links that are followed are looked through too; each folder is entered once, so that loops end.
    """
    allowed, followed, others = _resolved(root, tuple(links_to)), list[str](), list[str]()
    entered, waiting = {root.resolve()}, [root]
    while waiting:
        for parent, folders, _ in os.walk(waiting.pop()):
            for name in sorted(folders):
                link = Path(parent, name)
                if not link.is_symlink():
                    continue
                target = link.resolve()
                if not any(target.is_relative_to(folder) for folder in allowed):
                    others.append(link.relative_to(root).as_posix())
                elif target not in entered:
                    entered.add(target)
                    followed.append(link.relative_to(root).as_posix())
                    waiting.append(link)
    return sorted(followed), sorted(others)

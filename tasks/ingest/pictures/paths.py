"""Paths that a source names: checked before use, and never followed out of the folder they belong to."""

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


def confine(root: Place, relative: str) -> Place | tuple[Reason, str]:
    """The regular file `root/relative`, or the reason and detail of why not.

    `..`, absolute paths, and symbolic links that end outside `root` are refused before anything is opened; links
    within `root` are followed. Folders, pipes and devices count as missing. Below a URL there are no links, and what
    is missing shows when it is opened.
    """
    if escapes(relative):
        return "path escapes the image folder", relative
    if not isinstance(root, Path):
        return root / relative
    try:
        path = (root / relative).resolve()
        if not path.is_relative_to(root.resolve()):
            return "path escapes the image folder", f"{relative} is a link to somewhere else"
        if path.is_file():
            return path
    except (
        OSError,
        ValueError,
        RuntimeError,
    ) as error:  # a NUL in the path, a name too long, a loop of links
        return "missing image", f"{relative}: {error}"
    return "missing image", relative

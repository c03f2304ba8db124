"""Which files a source is, and how they are cut into groups."""

from collections.abc import Callable, Sequence
from pathlib import Path

from storage.errors import InputError
from storage.places.ask import is_dir, is_file, matching
from storage.places.place import Place
from tasks.ingest.files.shards import require_unicode, shard_files, split_pattern
from tasks.ingest.pictures.paths import linked_folders
from tasks.ingest.rules import MAX_GROUPS, Group, blocks, slices


def root_of(path: Place) -> Place:
    """The folder that a source's files are below: of a file or a pattern its own, else the folder itself."""
    root, inner = split_pattern(path)
    return path.parent if inner is None and is_file(path) else root


def found_files(path: Place, pattern: str, source: str, links_to: Sequence[str] = ()) -> tuple[str, ...]:
    """A source's files: their paths relative to `root_of(path)`, in order.

    `path` is a file, a folder of which those that match `pattern` are taken, or itself a pattern (see `shard_files`).
    Linked folders are entered where they lead into the folder itself or into `links_to`. Raises `InputError` if there
    are no files.
    """
    root, inner = split_pattern(path)
    wanted = pattern if inner is None else inner
    linked = in_linked_folders(root, wanted, links_to)
    try:
        found = shard_files(path, pattern, source)[1]
    except InputError:
        others = linked_folders(root, links_to)[1] if isinstance(root, Path) and is_dir(root) else []
        if not linked and others:
            raise InputError(
                f"no file in {root} matches {wanted!r}, but it holds the linked folder {others[0]!r}: "
                f"name the folder that it leads to in links_to of {source!r}"
            ) from None
        if not linked:
            raise
        found = ()
    names = tuple(sorted({*found, *map(require_unicode, linked)})) if linked else found
    return names if inner is not None or is_file(path) else _without_records(root, names)


def _without_records(root: Place, names: tuple[str, ...]) -> tuple[str, ...]:
    """Of the folder of an export of ours, which `export.json` tells, not the tables about what it left out."""
    about = {name for name in names if name in ("rejected.parquet", "rewritten.parquet")}
    kept = tuple(name for name in names if name not in about)
    return kept if about and kept and is_file(root / "export.json") else names


def in_linked_folders(root: Place, pattern: str, links_to: Sequence[str]) -> list[str]:
    """The files that a pattern of any depth finds behind links to folders that may be entered; see `found_files`."""
    if not isinstance(root, Path) or not is_dir(root) or not pattern.startswith("**/"):
        return []
    followed, _ = linked_folders(root, links_to)
    return [f"{link}/{name}" for link in followed for name in matching(root / link, pattern)]


def plan_files(names: Sequence[str], size_of: Callable[[str], int], size_a_group: int) -> tuple[Group, ...]:
    """One group a file (of a large file several, while there is room), so that a new file costs only itself.

    See `rules.blocks` for more than 32 files.

    Args:
        names: the files.
        size_of: how large a file is, in rows or bytes; asked only where there are few files.
        size_a_group: how much of that a group aims at.
    """
    if len(names) > MAX_GROUPS:
        return blocks(names)
    parts_of = [slices(size_of(name), size_a_group) for name in names]
    if sum(map(len, parts_of)) > MAX_GROUPS and len(names) > 1:
        return tuple(Group(files=(name,)) for name in names)
    return tuple(
        Group(files=(name,), index=part.index, of=part.of)
        for name, parts in zip(names, parts_of, strict=True)
        for part in parts
    )

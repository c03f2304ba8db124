"""Which split of a data set a file belongs to, by its name, and which of them are taken."""

import logging
import re
from collections import Counter
from collections.abc import Sequence

from storage.errors import InputError

log = logging.getLogger("equipoise.ingest")

_WORDS = {
    "train": ("train", "training"),
    "validation": ("validation", "valid", "val", "dev"),
    "test": ("test", "testing", "eval", "evaluation"),
}
_SPLITS = {word: split for split, words in _WORDS.items() for word in words}
_FIND = re.compile(rf"(?<![a-z0-9])({'|'.join(sorted(_SPLITS, key=len, reverse=True))})(?![a-z])", re.IGNORECASE)

ALL = "all"


def split_of(name: str) -> str | None:
    """The split that a file's path names, as Hugging Face reads paths: the first word that stands by itself."""
    found = _FIND.search(name)
    return None if found is None else _SPLITS[found[1].lower()]


def files_of_split(names: Sequence[str], split: str | None, source: str) -> tuple[str, ...]:
    """The files that are taken, and a line in the log where others are not.

    `split` is one of `train`, `validation`, `test`, or `all`; None takes `train` where files of more than one split
    are there, and everything else where they are not. Raises `InputError` where that does not decide it.
    """
    return _of_split(names, [split_of(name) for name in names], split, source)


def folders_of_split(names: Sequence[str], split: str | None, source: str) -> tuple[str, ...]:
    """As `files_of_split`, where folders alone are named for splits: a picture may be called `train.jpg`."""
    return _of_split(names, [split_of(name.rpartition("/")[0]) for name in names], split, source)


def _of_split(names: Sequence[str], splits: Sequence[str | None], split: str | None, source: str) -> tuple[str, ...]:
    seen = Counter(name or "" for name in splits)
    if split == ALL or (split is None and len(seen) == 1):
        return tuple(names)
    wanted = split or "train"
    told = ", ".join(f"{name or 'of no split'}: {count}" for name, count in sorted(seen.items()))
    if wanted not in seen:
        if split is None and set(seen) <= {""}:
            return tuple(names)
        raise InputError(
            f"the source {source!r} has files of several splits ({told}) and none of {wanted!r}: "
            f"say which with split: {next(name for name in sorted(seen) if name)}, or split: all"
        )
    if split is None and "" in seen:
        raise InputError(
            f"the source {source!r} has files of splits and others ({told}): "
            f"say which with split: {wanted}, or split: all"
        )
    taken = tuple(name for name, found in zip(names, splits, strict=True) if found == wanted)
    if len(taken) < len(names):
        log.warning("%s: %d of %d files are taken, of the split %s (%s)", source, len(taken), len(names), wanted, told)
    return taken

"""The tars of a benchmark, walked once before webdataset decodes them.

webdataset picks a decoder by file extension, and some of its decoders execute what they read (`.pickle`, `.pyd`,
`.pth`); Pillow picks one by content, and an EPS named `.jpg` would start Ghostscript. So only the extensions of the
layout are let through, every image must begin like the three formats that it may be, and every sample must be complete.
"""

import tarfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from re import compile as pattern

from storage.errors import InputError
from storage.progress import progress

IMAGES = frozenset({"jpg", "jpeg", "png", "webp"})
LABEL = "cls"
CAPTIONS = "txt"
IGNORED = frozenset({"json", CAPTIONS, LABEL})
LARGEST_MEMBER = 64 * 2**20  # bytes; a test image beyond this is a mistake or an attack
# webdataset's own division of a member's name: everything after the first dot of the file name is the extension.
NAME = pattern(r"^((?:.*/|)[^.]+)[.]([^/]*)$")


def check_archives(shards: Sequence[Path], *, classes: int | None) -> int:
    """Walk all shards; return the number of samples, each one image with its label (or its captions).

    Args:
        shards: the tars, in order.
        classes: how many classes labels may name (`0 … classes − 1`), or None for retrieval captions.

    Raises:
        InputError: a tar is unreadable, or a member is not what the layout allows; names the tar and the member.
    """
    samples = 0
    for shard in progress(shards, "checking the benchmark"):
        try:
            samples += sum(1 for _ in _samples(shard, classes))
        except (tarfile.TarError, EOFError, OSError) as error:
            raise InputError(f"the benchmark shard {shard} is not a readable tar ({error}); restore it") from error
    return samples


def _samples(shard: Path, classes: int | None) -> Iterator[str]:
    """Yield the key of each complete sample of a tar."""
    wanted = LABEL if classes is not None else CAPTIONS
    key: str | None = None
    seen: list[str] = []
    with tarfile.open(shard) as archive:
        for member in archive:
            if not member.isreg():
                continue  # webdataset skips folders, links and devices too
            divided = NAME.match(member.name)
            if divided is None:
                continue
            if divided[1] != key:
                if key is not None:
                    yield _complete(shard, key, seen, wanted)
                key, seen = divided[1], []
            extension = divided[2].lower()
            _check_member(archive, member, extension, shard, classes)
            seen.append("image" if extension in IMAGES else extension)
        if key is not None:
            yield _complete(shard, key, seen, wanted)


def _complete(shard: Path, key: str, seen: list[str], wanted: str) -> str:
    for part, meaning in (("image", "image"), (wanted, f".{wanted}")):
        if seen.count(part) != 1:
            raise InputError(
                f"the sample {key!r} in {shard} has {seen.count(part)} {meaning} files; it needs exactly one, next to "
                "the sample's other files"
            )
    return key


def _check_member(
    archive: tarfile.TarFile, member: tarfile.TarInfo, extension: str, shard: Path, classes: int | None
) -> None:
    where = f"{member.name!r} in {shard}"
    if extension not in IMAGES and extension not in IGNORED:
        raise InputError(
            f"{where} has the extension .{extension}, which is not read from a benchmark because its decoder could "
            "run code; keep only jpg, png, webp, cls, txt and json"
        )
    if member.size > LARGEST_MEMBER:
        raise InputError(f"{where} has {member.size} bytes; the largest allowed is {LARGEST_MEMBER}")
    stream = archive.extractfile(member)
    assert stream is not None  # only regular files come here
    if extension in IMAGES:
        if not _is_image(stream.read(12)):
            raise InputError(f"{where} is not a JPEG, PNG or WebP image; replace or remove the sample")
    elif extension == LABEL and classes is not None:
        label = stream.read(32).strip()
        if not label.isdigit() or int(label) >= classes:
            raise InputError(
                f"{where} is the label {label.decode('utf-8', 'replace')!r}; it should be a class number "
                f"from 0 to {classes - 1}"
            )
    elif extension == CAPTIONS:
        try:
            lines = stream.read().decode("utf-8").splitlines()
        except UnicodeDecodeError:
            raise InputError(f"{where} is not UTF-8 text") from None
        if classes is None and not lines:
            raise InputError(f"{where} holds no caption; write one a line, or remove the sample")


def _is_image(start: bytes) -> bool:
    if start.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")):
        return True
    return start.startswith(b"RIFF") and start[8:12] == b"WEBP"

"""The samples in the tars of a benchmark: what is scored and what is screened is read here, and by nothing else.

Members are grouped as webdataset groups them. In clip-benchmark's own reader webdataset picks a decoder by file
extension, and some of its decoders execute what they read (`.pickle`, `.pyd`, `.pth`); Pillow picks one by content, and
an EPS named `.jpg` would start Ghostscript. So only the extensions of the layout are let through, every image must
begin like the three formats that it may be, and every sample must be complete.
"""

import tarfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from re import compile as pattern

from storage.errors import InputError
from storage.progress import progress

IMAGES = frozenset({"jpg", "jpeg", "png", "webp"})
OTHER_IMAGES = frozenset({"gif", "bmp", "tif", "tiff", "avif", "heic", "jp2", "jxl"})
LABEL = "cls"
CAPTIONS = "txt"
IGNORED = frozenset({"json", CAPTIONS, LABEL})
RUNS_CODE = frozenset({"pyd", "pickle", "pkl", "pth", "pt", "gz"})
"""Decoded by webdataset with pickle; `gz` is decoded by what stands before it."""

LARGEST_MEMBER = 64 * 2**20  # bytes; a test image beyond this is a mistake or an attack
# webdataset's own division of a member's name: everything after the first dot of the file name is the extension.
NAME = pattern(r"^((?:.*/|)[^.]+)[.]([^/]*)$")


@dataclass
class Sample:
    """One image of a benchmark with what is known of it.

    Attributes:
        key: its members' common name.
        name: the image's own name in the tar.
        image: its bytes; only the first of them where the benchmark is merely checked.
        label: its class; None for retrieval.
        captions: the lines of its text; a blank line is one too, as in clip-benchmark.
        seen: the kinds of its members.
    """

    key: str
    name: str = ""
    image: bytes = b""
    label: int | None = None
    captions: tuple[str, ...] = ()
    seen: list[str] = field(default_factory=list)


def check_archives(shards: Sequence[Path], *, classes: int | None) -> int:
    """Walk all shards; return the number of samples, each one image with its label (or its captions).

    Args:
        shards: the tars, in order.
        classes: how many classes labels may name (`0 … classes − 1`), or None for retrieval captions.

    Raises:
        InputError: a tar is unreadable, or a member is not what the layout allows; names the tar and the member.
    """
    walked = progress(shards, "checking the benchmark")
    return sum(1 for shard in walked for _ in _samples(shard, classes, whole=False))


def read_samples(shards: Sequence[Path], *, classes: int | None) -> Iterator[Sample]:
    """The samples that `check_archives` counts, one in memory at a time, in the order of the tars.

    Args:
        shards: the tars, in order.
        classes: as there.

    Raises:
        InputError: as there.
    """
    for shard in shards:
        yield from _samples(shard, classes, whole=True)


def _samples(shard: Path, classes: int | None, *, whole: bool) -> Iterator[Sample]:
    """The complete samples of a tar; without `whole` only the beginnings of images are read."""
    sample: Sample | None = None
    try:
        with tarfile.open(shard) as archive:
            for member in archive:
                divided = NAME.match(member.name) if member.isreg() else None
                if divided is None:
                    continue  # webdataset skips folders, links, devices and names without an extension too
                if sample is None or divided[1] != sample.key:
                    if sample is not None:
                        yield _complete(shard, sample, classes)
                    sample = Sample(divided[1])
                _add(sample, archive, member, divided[2].lower(), (shard, classes, whole))
    except (tarfile.TarError, EOFError, OSError) as error:
        raise InputError(f"the benchmark shard {shard} is not a readable tar ({_cause(error)}); restore it") from error
    if sample is not None:
        yield _complete(shard, sample, classes)


def _cause(error: Exception) -> str:
    """What is wrong, in a line: tarfile lists every packing that it tried in vain, a line each."""
    return str(error).splitlines()[0].rstrip(":") if str(error) else type(error).__name__


def _complete(shard: Path, sample: Sample, classes: int | None) -> Sample:
    wanted = CAPTIONS if classes is None else LABEL
    for part, meaning in (("image", "image"), (wanted, f".{wanted}")):
        if sample.seen.count(part) != 1:
            raise InputError(
                f"the sample {sample.key!r} in {shard} has {sample.seen.count(part)} {meaning} files; it needs exactly "
                "one, next to the sample's other files"
            )
    return sample


def _add(
    sample: Sample,
    archive: tarfile.TarFile,
    member: tarfile.TarInfo,
    extension: str,
    reading: tuple[Path, int | None, bool],
) -> None:
    """Check a member and put what it holds into its sample."""
    shard, classes, whole = reading
    where = f"{member.name!r} in {shard}"
    if extension not in IMAGES and extension not in IGNORED:
        raise InputError(f"{where} {_foreign(member.name, extension)}")
    if member.size > LARGEST_MEMBER:
        raise InputError(f"{where} has {member.size} bytes; the largest allowed is {LARGEST_MEMBER}")
    stream = archive.extractfile(member)
    assert stream is not None  # only regular files come here
    sample.seen.append("image" if extension in IMAGES else extension)
    if extension in IMAGES:
        sample.name, sample.image = member.name, stream.read() if whole else stream.read(12)
        if not _is_image(sample.image):
            raise InputError(f"{where} is not a JPEG, PNG or WebP image; replace or remove the sample")
    elif extension == LABEL and classes is not None:
        sample.label = _label(stream.read(32).strip(), classes, where)
    elif extension == CAPTIONS:
        try:
            sample.captions = tuple(stream.read().decode("utf-8").splitlines())
        except UnicodeDecodeError:
            raise InputError(f"{where} is not UTF-8 text") from None
        if classes is None and not sample.captions:
            raise InputError(f"{where} holds no caption; write one a line, or remove the sample")


def _foreign(name: str, extension: str) -> str:
    """What is wrong with an extension that the layout does not have: a sentence's end."""
    last = extension.rpartition(".")[2]
    if last in RUNS_CODE:
        return (
            f"has the extension .{extension}, which is not read from a benchmark because its decoder could run code; "
            "keep only jpg, png, webp, cls, txt and json"
        )
    if "." in extension and (last in IMAGES or last in IGNORED):
        folder, slash, file = name.rpartition("/")
        stem, dot, suffix = file.rpartition(".")
        return (
            f"has a dot inside its name: here all that follows the first one, .{extension}, is the extension; "
            f"rename the sample's files, this one to {folder + slash + stem.replace('.', '_') + dot + suffix!r}"
        )
    if last in OTHER_IMAGES:
        return f"is a .{last} picture, and the layout has jpg, png and webp only; convert it (an animation: one frame)"
    return f"has the extension .{extension}, which the layout does not know; keep jpg, png, webp, cls, txt and json"


def _label(label: bytes, classes: int, where: str) -> int:
    if not label.isdigit() or int(label) >= classes:
        raise InputError(
            f"{where} is the label {label.decode('utf-8', 'replace')!r}; it should be a class number "
            f"from 0 to {classes - 1}"
        )
    return int(label)


def _is_image(start: bytes) -> bool:
    if start.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")):
        return True
    return start.startswith(b"RIFF") and start[8:12] == b"WEBP"

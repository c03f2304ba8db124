"""The samples in the tars of a benchmark: what is scored and what is screened is read here, and by nothing else.

Members are grouped as webdataset groups them. In clip-benchmark's own reader webdataset picks a decoder by file
extension, and some of its decoders execute what they read (`.pickle`, `.pyd`, `.pth`); Pillow picks one by content, and
an EPS named `.jpg` would start Ghostscript. So only the extensions of the layout are let through, every image must
begin like the three formats that it may be, and every sample must be complete.
"""

import io
import tarfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from re import compile as pattern

import numpy as np

from storage.errors import InputError
from storage.progress import progress

IMAGES = frozenset({"jpg", "jpeg", "png", "webp"})
OTHER_IMAGES = frozenset({"gif", "bmp", "tif", "tiff", "avif", "heic", "jp2", "jxl"})
LABEL = "cls"
LABELS = "npy"
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
        label: its class; None where it has several, and for retrieval.
        labels: its classes, ascending, where it may have several.
        captions: the lines of its text; a blank line is one too, as in clip-benchmark.
        seen: the kinds of its members.
    """

    key: str
    name: str = ""
    image: bytes = b""
    label: int | None = None
    labels: tuple[int, ...] = ()
    captions: tuple[str, ...] = ()
    seen: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Walked:
    """What the tars of a benchmark hold: `images`, and of them how many each class has, `of_class [c]`."""

    images: int
    of_class: tuple[int, ...]


@dataclass(frozen=True)
class _Wanted:
    """What a sample needs beside its image.

    Attributes:
        classes: how many labels may name; None for captions.
        several: whether an image may have several labels.
        whole: whether images are read to their ends.
    """

    classes: int | None
    several: bool
    whole: bool

    @property
    def part(self) -> str:
        """The extension of the target."""
        if self.classes is None:
            return CAPTIONS
        return LABELS if self.several else LABEL


def walk_archives(shards: Sequence[Path], *, classes: int | None, several: bool = False) -> Walked:
    """Walk all shards and count their samples, each one image with its label, its labels or its captions.

    Args:
        shards: the tars, in order.
        classes: how many classes labels may name (`0 … classes − 1`), or None for retrieval captions.
        several: an image may have several labels, which an `.npy` holds as a vector of 0 and 1.

    Raises:
        InputError: a tar is unreadable, or a member is not what the layout allows; names the tar and the member.
    """
    images, of_class = 0, [0] * (classes or 0)
    for shard in progress(shards, "checking the benchmark", unit="shard"):
        for sample in _samples(shard, _Wanted(classes, several, whole=False)):
            images += 1
            for label in sample.labels if several else () if sample.label is None else (sample.label,):
                of_class[label] += 1
    return Walked(images, tuple(of_class))


def check_archives(shards: Sequence[Path], *, classes: int | None) -> int:
    """The number of samples that `walk_archives` counts, of one label each, or of captions."""
    return walk_archives(shards, classes=classes).images


def read_samples(shards: Sequence[Path], *, classes: int | None, several: bool = False) -> Iterator[Sample]:
    """The samples that `walk_archives` counts, one in memory at a time, in the order of the tars.

    Args:
        shards: the tars, in order.
        classes: as there.
        several: as there.

    Raises:
        InputError: as there.
    """
    for shard in shards:
        yield from _samples(shard, _Wanted(classes, several, whole=True))


def _samples(shard: Path, wanted: _Wanted) -> Iterator[Sample]:
    """The complete samples of a tar."""
    sample: Sample | None = None
    try:
        with tarfile.open(shard) as archive:
            for member in archive:
                divided = NAME.match(member.name) if member.isreg() else None
                if divided is None:
                    continue  # webdataset skips folders, links, devices and names without an extension too
                if sample is None or divided[1] != sample.key:
                    if sample is not None:
                        yield _complete(shard, sample, wanted)
                    sample = Sample(divided[1])
                _add(sample, archive, member, divided[2].lower(), shard, wanted)
    except (tarfile.TarError, EOFError, OSError) as error:
        raise InputError(f"the benchmark shard {shard} is not a readable tar ({_cause(error)}); restore it") from error
    if sample is not None:
        yield _complete(shard, sample, wanted)


def _cause(error: Exception) -> str:
    """What is wrong, in a line: tarfile lists every packing that it tried in vain, a line each."""
    return str(error).splitlines()[0].rstrip(":") if str(error) else type(error).__name__


def _complete(shard: Path, sample: Sample, wanted: _Wanted) -> Sample:
    for part, meaning in (("image", "image"), (wanted.part, f".{wanted.part}")):
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
    shard: Path,
    wanted: _Wanted,
) -> None:
    """Check a member and put what it holds into its sample."""
    where = f"{member.name!r} in {shard}"
    if extension not in IMAGES and extension not in IGNORED and extension != wanted.part:
        raise InputError(f"{where} {_foreign(member.name, extension)}")
    if member.size > LARGEST_MEMBER:
        raise InputError(f"{where} has {member.size} bytes; the largest allowed is {LARGEST_MEMBER}")
    stream = archive.extractfile(member)
    assert stream is not None  # only regular files come here
    sample.seen.append("image" if extension in IMAGES else extension)
    if extension in IMAGES:
        sample.name, sample.image = member.name, stream.read() if wanted.whole else stream.read(12)
        if not _is_image(sample.image):
            raise InputError(f"{where} is not a JPEG, PNG or WebP image; replace or remove the sample")
    elif extension == wanted.part == LABEL:
        sample.label = _label(stream.read(32).strip(), wanted.classes or 0, where)
    elif extension == wanted.part == LABELS:
        sample.labels = _labels(stream.read(), wanted.classes or 0, where)
    elif extension == CAPTIONS:
        try:
            sample.captions = tuple(stream.read().decode("utf-8").splitlines())
        except UnicodeDecodeError:
            raise InputError(f"{where} is not UTF-8 text") from None
        if wanted.part == CAPTIONS and not sample.captions:
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


def _labels(content: bytes, classes: int, where: str) -> tuple[int, ...]:
    """The classes that a vector of 0 and 1 names. What numpy would allocate is known before it does; no pickles."""
    needs = f"it should hold a vector of {classes} numbers, 1 where the image shows the class and 0 elsewhere"
    stream = io.BytesIO(content)
    try:
        first = np.lib.format.read_magic(stream)[0]
        header = np.lib.format.read_array_header_1_0 if first == 1 else np.lib.format.read_array_header_2_0
        shape, _, kind = header(stream)
    except (ValueError, SyntaxError, EOFError, TypeError, RecursionError, MemoryError) as error:
        raise InputError(f"{where} is no .npy file ({type(error).__name__}); {needs}") from None
    if shape != (classes,) or kind.kind not in "biuf" or len(content) - stream.tell() != classes * kind.itemsize:
        raise InputError(f"{where} holds {kind.name} of shape {shape}; {needs}")
    vector = np.frombuffer(content, kind, offset=stream.tell())
    if not np.isin(vector, (0, 1)).all():
        raise InputError(f"{where} holds numbers other than 0 and 1; {needs}")
    return tuple(np.flatnonzero(vector).tolist())


def _is_image(start: bytes) -> bool:
    if start.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")):
        return True
    return start.startswith(b"RIFF") and start[8:12] == b"WEBP"

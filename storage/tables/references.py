"""Images that `pairs` name and do not hold: where the file lies, and the hash that its content had at ingest.

The reference stands in the image's `path`: the place, `#xxh3=`, and 16 hexadecimal digits; `bytes` is null. So a table
changes where a file changes, and what is read later is what was ingested, or an error. Of an image inside a tar,
`#at=<first byte>+<bytes>/<member>` follows the tar's place.
"""

import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from storage.errors import InputError
from storage.tables.schemas import IMAGE

MARK = "#xxh3="
_DIGITS = 16
_MEMBER = re.compile(r"(.*?)#at=([0-9]{1,15})\+([0-9]{1,15})/(.*)", re.DOTALL)


def reference(where: str, content: bytes, member: tuple[int, int, str] | None = None) -> str:
    """The `path` of an image that stays where it is.

    where: an absolute path, or a URL. member: of an image inside a tar its first byte, its bytes and its name.
    """
    import xxhash  # here and below, since tables whose images are in them are read on machines without it

    inside = "" if member is None else f"#at={member[0]}+{member[1]}/{member[2]}"
    return f"{where}{inside}{MARK}{xxhash.xxh3_64_hexdigest(content)}"


def content_hash(path: str | None) -> int | None:
    """The hash of a referenced image's content, as `xxh3_64` has it; None where the path is no reference."""
    before, mark, digits = (path or "").rpartition(MARK)
    return int(digits, 16) if before and mark and len(digits) == _DIGITS else None


def content_of(image: Mapping[str, Any] | None) -> bytes | None:
    """The bytes of one image, read where it is a reference; None where there are none.

    Raises `InputError` where the file is gone, cannot be read, or is not the one that was ingested.
    """
    if image is None:
        return None
    content: bytes | None = image.get("bytes")
    expected = None if content is not None else content_hash(image.get("path"))
    return content if expected is None else _read(image["path"].rpartition(MARK)[0], expected)


def present(images: pa.StructArray | pa.ChunkedArray) -> pa.Array:
    """Which images have bytes, or a reference to them, bool `[n]`."""
    held, paths = _children(images)
    return pc.or_(held.is_valid(), pc.fill_null(pc.match_substring(paths, MARK), False))


def embedded(images: pa.StructArray | pa.ChunkedArray) -> pa.StructArray:
    """The same images `[n]`, references replaced by what they refer to; without any, as they are.

    Raises `InputError` as `content_of` does.
    """
    whole = images.combine_chunks() if isinstance(images, pa.ChunkedArray) else images
    held, paths = _children(whole)
    wanted = pc.and_(held.is_null(), pc.fill_null(pc.match_substring(paths, MARK), False))
    if held.null_count == 0 or not pc.any(wanted).as_py():
        return whole
    contents, names = held.to_pylist(), paths.to_pylist()
    for row in pc.indices_nonzero(wanted).to_pylist():
        contents[row] = content_of({"path": names[row]})
        names[row] = PurePosixPath(names[row].rpartition(MARK)[0]).name
    columns = [pa.array(contents, IMAGE.field("bytes").type), pa.array(names, IMAGE.field("path").type)]
    return pa.StructArray.from_arrays(columns, fields=list(IMAGE), mask=whole.is_null())


def _children(images: pa.StructArray | pa.ChunkedArray) -> tuple[pa.Array, pa.Array]:
    whole = images.combine_chunks() if isinstance(images, pa.ChunkedArray) else images
    return tuple(whole.flatten())  # a null image's bytes and path are null


def _read(where: str, expected: int) -> bytes:
    import xxhash

    from storage.places.place import place
    from storage.places.read import open_binary, read_bytes

    found = _MEMBER.fullmatch(where)
    try:
        if found is None:
            content = read_bytes(place(where))
        else:
            with open_binary(place(found[1])) as file:
                file.seek(int(found[2]))
                content = file.read(int(found[3]))
    except OSError as error:
        raise InputError(
            f"the image {where}, which was ingested by reference (image_content: keep), cannot be read "
            f"({error.strerror or type(error).__name__}); put it back, or ingest again"
        ) from None
    if xxhash.xxh3_64_intdigest(content) != expected:
        raise InputError(f"the image {where} was changed after it was ingested by reference; run again")
    return content

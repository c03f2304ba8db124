"""The members of a tar, in one pass and in little memory, of whoever wrote it: nothing is ever unpacked to disk.

The forms are those that Python's `tarfile` knows (old, ustar, GNU, pax), with the same sizes and places, so that a file
is read as webdataset reads it; bounds stand where it has none.
"""

import gzip
import io
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Literal, cast

BLOCK = 512
MOST_HEADER = 1 << 20
"""Bytes of a long name or of pax records; more is no name, and is not read."""
PAST_THE_END = 1 << 20
"""So many bytes after the end mark are looked at, for a second archive that somebody joined to the first."""
_SKIP = 1 << 20
_ZEROS = bytes(BLOCK)
_WITHOUT_CONTENT = b"123456"  # links, devices, folders, pipes: their size is no content, whatever it says
_OTHER_PACKERS = {b"BZh": "bzip2", b"\xfd7zXZ\0": "xz", b"\x28\xb5\x2f\xfd": "zstd"}

Kind = Literal["file", "folder", "link", "sparse file", "device"]


class Damaged(Exception):  # noqa: N818  what the archive is, not what went wrong here
    """Why the rest of an archive cannot be read."""


@dataclass(frozen=True, slots=True)
class Member:
    """One member: its name (bytes that are no UTF-8 as surrogates), what it is, and where its content lies."""

    name: str
    kind: Kind
    offset: int
    size: int


class TarStream:
    """Members in order; the content of the last one can be read until the next is asked for.

    Args:
        file: open, at its start; a gzip file is unpacked on the way.

    Raises:
        Damaged: while iterating or reading: what has been given until then is right.
    """

    def __init__(self, file: BinaryIO) -> None:
        magic = file.read(6)
        file.seek(0)
        for start, packer in _OTHER_PACKERS.items():
            if magic.startswith(start):
                raise Damaged(f"it is packed by {packer}: only plain and gzip tars are read")
        self.packed = magic.startswith(b"\x1f\x8b")
        self._file = cast(BinaryIO, gzip.GzipFile(fileobj=file)) if self.packed else file
        self._at = 0
        self._next = 0
        self._end = None if self.packed else file.seek(0, io.SEEK_END)
        file.seek(0)

    def __iter__(self) -> Iterator[Member]:
        if not self._peeked():
            raise Damaged("it is empty: not even an end mark")
        shared: dict[str, str] = {}
        own: dict[str, str] = {}
        while header := self._header():
            kind, size = header[156:157], _number(header[124:136])
            if kind in b"xgXLK" and kind:
                if size > MOST_HEADER:
                    raise Damaged(f"a header of {size:,} bytes at byte {self._at - BLOCK:,}, at most {MOST_HEADER:,}")
                content = self._take(size, "a long header")
                self._next = self._at + -size % BLOCK
                if kind == b"L":
                    own["path"] = _text(content)
                elif kind == b"g":
                    shared.update(_records(content))
                elif kind != b"K":
                    own.update(_records(content))
                continue
            member = self._member(header, kind, size, shared | own)
            own = {}
            yield member
            self._skip(self._next)

    def read(self, member: Member) -> bytes:
        """The content of the member that came last, once."""
        return self._take(member.size, member.name)

    def _member(self, header: bytes, kind: bytes, size: int, said: dict[str, str]) -> Member:
        name, prefix = _text(header[:100]), _text(header[345:500])
        if prefix and kind != b"S":
            name = f"{prefix}/{name}"
        name = said.get("path", name)
        if "size" in said and kind != b"S":
            size = _decimal(said["size"])
        more = kind == b"S" and header[482]
        while more:
            more = self._take(BLOCK, "the map of a sparse file")[504]
        holds = 0 if kind in _WITHOUT_CONTENT and kind else size
        self._next = self._at + holds + -holds % BLOCK
        return Member(name, _kind(kind, name, said), self._at, size)

    def _header(self) -> bytes | None:
        """The next header; None at the end."""
        self._skip(self._next)
        header = self._some(BLOCK)
        if not header:
            return None  # no end mark: cut between members, or written so; nothing is missing that could be told
        if header == _ZEROS:
            if self._some(PAST_THE_END).strip(b"\0"):
                raise Damaged("more follows its end mark, such as a second archive: unpack and pack it anew")
            return None
        if len(header) < BLOCK:
            raise Damaged(f"it ends in the middle of a header, at byte {self._at:,}")
        _check_sum(header, self._at - BLOCK)
        self._next = self._at
        return header

    def _peeked(self) -> bool:
        try:
            return bool(self._file.read(1)) and self._file.seek(0) == 0
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise Damaged(f"its packing is broken: {error}") from None

    def _some(self, size: int) -> bytes:
        try:
            content = self._file.read(size)
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise Damaged(f"its packing is broken after byte {self._at:,}: {error}") from None
        self._at += len(content)
        return content

    def _take(self, size: int, what: str) -> bytes:
        content = self._some(size)
        if len(content) < size:
            raise Damaged(f"it ends in the middle of {what}: {len(content):,} bytes of {size:,}")
        return content

    def _skip(self, to: int) -> None:
        """Go forward to a byte; the padding of the last member may be missing."""
        if self._end is not None:
            if to - self._end >= BLOCK:
                raise Damaged(f"it ends {to - self._end:,} bytes too early")
            if to > self._at:
                self._at = self._file.seek(to)
        while self._at < to:
            if not self._some(min(_SKIP, to - self._at)):
                if to - self._at >= BLOCK:
                    raise Damaged(f"it ends {to - self._at:,} bytes too early")
                return


def _kind(kind: bytes, name: str, said: dict[str, str]) -> Kind:
    if kind in (b"0", b"\0", b"7"):
        if kind == b"\0" and name.endswith("/"):
            return "folder"  # as the oldest tars have them
        return "sparse file" if any(key.startswith("GNU.sparse") for key in said) else "file"
    if kind in (b"1", b"2"):
        return "link"
    return {b"5": "folder", b"S": "sparse file"}.get(kind, "device")  # type: ignore[return-value]


def _check_sum(header: bytes, at: int) -> None:
    """A header's bytes add up to what it says, its own field read as spaces; some old writers added signed bytes."""
    said = header[148:156].partition(b"\0")[0].strip()
    counted = sum(header) - sum(header[148:156]) + 8 * 32
    signed = (
        counted - 256 * sum(byte > 127 for byte in header[:148] + header[156:]) if not header.isascii() else counted
    )
    if not re.fullmatch(rb"[0-7]+", said) or int(said, 8) not in (counted, signed):
        raise Damaged(f"what stands at byte {at:,} is no header of a tar")


def _number(field: bytes) -> int:
    """Octal digits, or GNU's base 256 for large numbers."""
    if field[0] == 0x80:
        return int.from_bytes(field[1:], "big")
    digits = field.partition(b"\0")[0].strip()
    try:
        found = int(digits or b"0", 8)
    except ValueError:
        found = -1
    if found < 0:
        raise Damaged(f"a number in a header is spelled {field!r}")
    return found


def _decimal(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 20):
        raise Damaged(f"a pax header says the size {text[:40]!r}")
    return int(text)


def _text(field: bytes) -> str:
    return field.partition(b"\0")[0].decode("utf-8", "surrogateescape")


def _records(content: bytes) -> dict[str, str]:
    r"""Pax records, `<length> <key>=<value>\n`."""
    records: dict[str, str] = {}
    at = 0
    while at < len(content) and content[at] != 0:
        length, _, _ = content[at : at + 20].partition(b" ")
        if not length.isdigit() or not len(length) + 1 < int(length) <= len(content) - at:
            raise Damaged("pax records that cannot be read")
        record = content[at + len(length) + 1 : at + int(length) - 1]
        key, equals, value = record.partition(b"=")
        if not equals:
            raise Damaged("pax records that cannot be read")
        records[key.decode("utf-8", "replace")] = value.decode("utf-8", "surrogateescape")
        at += int(length)
    return records

"""Reading from any place: a URL in ranges, each tried again when the network fails in the middle."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from storage.errors import InputError
from storage.places.ask import asked, state
from storage.places.place import Place

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer
    from upath import UPath

BYTES_AT_ONCE = 8 << 20


def open_binary(place: Place) -> BinaryIO:
    """A file open for reading, which can seek.

    A URL is read in ranges of `BYTES_AT_ONCE`, so that memory does not grow with the file; a failed range is tried
    again alone. A server that knows no ranges, or no size, is asked for the whole file once, which then lies in a
    temporary file until it is closed. Raises `FileNotFoundError`; `InputError` where a URL cannot be read.
    """
    if isinstance(place, Path):
        return place.open("rb")
    return cast(BinaryIO, io.BufferedReader(RemoteFile(place), BYTES_AT_ONCE))


def read_bytes(place: Place, most: int | None = None) -> bytes:
    """A file's content, of at most `most` bytes."""
    if isinstance(place, Path) and most is None:
        return place.read_bytes()
    with open_binary(place) as file:
        return file.read() if most is None else file.read(most)


class RemoteFile(io.RawIOBase):
    """A file at a URL, as the raw stream below a buffer.

    Raises `InputError` in the middle where the file at the URL is no longer the one that was opened.
    """

    def __init__(self, place: UPath) -> None:
        self._place = place
        self._state = state(place)
        self._at = 0
        self._source: BinaryIO | None = None
        self._again = False
        self._whole = self._state.size is None
        if self._whole:
            self._source = asked(self._fetched_whole, place)
        self._size = self._state.size if self._state.size is not None else self._length()

    def readable(self) -> bool:
        """True."""
        return True

    def seekable(self) -> bool:
        """True."""
        return True

    def tell(self) -> int:
        """The place of the next byte."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a byte."""
        self._at = max(0, offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence])
        return self._at

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Fill the buffer from here on, less only at the end."""
        view = memoryview(buffer).cast("B")
        wanted = min(len(view), self._size - self._at)
        if wanted <= 0:
            return 0
        view[:wanted] = asked(lambda: self._range(wanted), self._place)
        self._at += wanted
        return wanted

    def readall(self) -> bytes:
        """Everything from here on."""
        blocks = []
        while block := self.read(BYTES_AT_ONCE):
            blocks.append(block)
        return b"".join(blocks)

    def close(self) -> None:
        """Let go of the connection, or of the temporary file."""
        if self._source is not None:
            self._source.close()
        super().close()

    def _range(self, wanted: int) -> bytes:
        """`wanted` bytes from here on; after a failure by a new connection."""
        try:
            if self._source is None:
                self._source = self._opened()
            self._source.seek(self._at)
            content = self._source.read(wanted)
            if len(content) != wanted:
                raise OSError(f"{len(content)} bytes came of {wanted} at byte {self._at}")
        except Exception as error:
            if self._source is not None:
                self._source.close()
            self._source, self._again = None, True
            if isinstance(error, ValueError) and not self._whole:  # fsspec's, of a server that knows no ranges
                self._whole = True
                return self._range(wanted)
            raise
        return content

    def _opened(self) -> BinaryIO:
        if self._again and state(self._place) != self._state:
            raise InputError(f"{self._place} was changed while it was read: run again")
        if self._whole:
            return self._fetched_whole()
        opened = self._place.fs.open(self._place.path, "rb", block_size=BYTES_AT_ONCE, cache_type="none")
        return cast(BinaryIO, opened)

    def _fetched_whole(self) -> BinaryIO:
        copy = cast(BinaryIO, tempfile.TemporaryFile())  # noqa: SIM115 (closed with this stream)
        try:
            with self._place.fs.open(self._place.path, "rb", block_size=0) as stream:
                while block := stream.read(1 << 20):
                    copy.write(block)
            if self._state.size is not None and copy.tell() != self._state.size:
                raise OSError(f"{copy.tell()} bytes came of {self._state.size}")
        except BaseException:
            copy.close()
            raise
        return copy

    def _length(self) -> int:
        assert self._source is not None
        return self._source.seek(0, io.SEEK_END)

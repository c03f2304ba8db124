"""Text files as whole lines in UTF-8, however they were saved: compressed, in UTF-16, with CR alone at line ends."""

import codecs
from collections.abc import Iterator
from typing import BinaryIO, cast

import pyarrow as pa

from storage.errors import InputError
from storage.places.place import Place
from storage.places.read import open_binary
from storage.places.remember import remembered

BYTES_PER_BLOCK = 8 << 20
LONGEST_LINE = 256 << 20
"""A longer line is no line of a table: whatever follows cannot be told apart from it."""

_MARKS = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
_COMPRESSED = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd", b"BZh": "bz2"}


def line_blocks(path: Place, size: int | None = None) -> Iterator[bytes]:
    """A file's text in blocks of whole lines, each of which ends at LF, except perhaps the last of all.

    gzip, zstd and bzip2 are undone as their first bytes tell. A byte order mark is left out; text in UTF-16 becomes
    UTF-8. A file that has CR at its line ends and no LF is read as if it had LF. Bytes that are not UTF-8 stay as they
    are, for whoever judges rows.

    Raises:
        InputError: a line of more than `LONGEST_LINE` bytes, or a compressed file that is cut short.
    """
    waiting: list[bytes] = []
    held = 0
    for block in _utf8(path, size or BYTES_PER_BLOCK):
        cut = block.rfind(b"\n") + 1
        if cut:
            yield b"".join([*waiting, block[:cut]])
            waiting, held = [], 0
        waiting.append(block[cut:])
        held += len(block) - cut
        _require_short(path, held)
    if rest := b"".join(waiting):
        yield rest


def count_lines(path: Place) -> int:
    """Lines, the last of which may lack its end; what follows the last end is no line if it is nothing."""
    return remembered("all lines", path, lambda: _count(path))


def _count(path: Place) -> int:
    lines, last = 0, b"\n"
    for block in line_blocks(path):
        lines += block.count(b"\n")
        last = block[-1:]
    return lines + (last != b"\n")


def _utf8(path: Place, size: int) -> Iterator[bytes]:
    """Blocks of any lengths, in UTF-8, with LF at line ends where there was CR alone."""
    waiting, ends_in_cr = b"", None
    for block in _unmarked(path, size):
        if ends_in_cr is not None:
            yield block.replace(b"\r", b"\n") if ends_in_cr else block
            continue
        waiting += block
        if b"\n" in waiting or b"\r" in waiting[:-1]:
            ends_in_cr = b"\n" not in waiting
            yield waiting.replace(b"\r", b"\n") if ends_in_cr else waiting
            waiting = b""
        _require_short(path, len(waiting))
    yield waiting


def _unmarked(path: Place, size: int) -> Iterator[bytes]:
    """Blocks in UTF-8, without the byte order mark; lone surrogates stay what UTF-8 does not allow."""
    with open_binary(path) as file, _decompressed(file) as stream:
        try:
            block = stream.read(max(size, 4))
            name = next((name for mark, name in _MARKS.items() if block.startswith(mark)), None)
            if name is None:
                block = block.removeprefix(codecs.BOM_UTF8)
                while block:
                    yield block
                    block = stream.read(size)
                return
            decoder, block = codecs.getincrementaldecoder(name)("surrogatepass"), block[2:]
            while block:
                yield decoder.decode(block).encode("utf-8", "surrogatepass")
                block = stream.read(size)
            decoder.decode(b"", final=True)  # half a character is left over
        except UnicodeDecodeError:
            raise InputError(f"{path} begins as UTF-16 and does not go on so: save it as UTF-8") from None
        except (OSError, EOFError) as error:
            if isinstance(stream, pa.NativeFile):
                raise InputError(f"{path} cannot be unpacked ({str(error)[:120]}): fetch or write it anew") from None
            raise


def _require_short(path: Place, held: int) -> None:
    if held > LONGEST_LINE:
        raise InputError(f"{path} has a line of more than {LONGEST_LINE >> 20} MB: it is no table of lines")


def _decompressed(file: BinaryIO) -> BinaryIO:
    """The same stream, or what it unpacks to."""
    first = file.read(4)
    file.seek(0)
    for mark, name in _COMPRESSED.items():
        if first.startswith(mark):
            return cast(BinaryIO, pa.CompressedInputStream(pa.PythonFile(file, "r"), name))
    return file

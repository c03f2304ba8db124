"""Text in any of the ways in which people save it: the same lines."""

import bz2
import gzip
from pathlib import Path

import pyarrow as pa
import pytest

from storage.errors import InputError
from tasks.ingest.files import lines
from tasks.ingest.files.lines import count_lines, line_blocks

TEXT = "title,filepath\nünï ☃ 😀,a/1\n\nlast,a/2"


def saved(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1_000])
@pytest.mark.parametrize(
    "content",
    [
        TEXT.encode(),
        TEXT.encode("utf-8-sig"),
        TEXT.encode("utf-16"),
        b"\xfe\xff" + TEXT.encode("utf-16-be"),
        TEXT.replace("\n", "\r").encode(),
        gzip.compress(TEXT.encode()),
        bz2.compress(TEXT.encode("utf-8-sig")),
        bytes(pa.compress(TEXT.encode(), codec="zstd")),
        gzip.compress(TEXT[:20].encode()) + gzip.compress(TEXT[20:].encode()),
    ],
    ids=["utf-8", "mark", "utf-16", "utf-16-be", "cr", "gzip", "bzip2", "zstd", "two members"],
)
def test_the_same_lines_however_they_were_saved(tmp_path: Path, content: bytes, size: int) -> None:
    path = saved(tmp_path / "t", content)
    blocks = list(line_blocks(path, size))
    assert b"".join(blocks).decode() == TEXT
    assert all(block.endswith(b"\n") for block in blocks[:-1])
    assert count_lines(path) == 4


def test_a_carriage_return_among_line_feeds_stays(tmp_path: Path) -> None:
    assert b"".join(line_blocks(saved(tmp_path / "t", b"a\rb\r\nc\n"))) == b"a\rb\r\nc\n"
    assert list(line_blocks(saved(tmp_path / "t", b""))) == [] and count_lines(tmp_path / "t") == 0
    assert count_lines(saved(tmp_path / "t", b"\n")) == 1


def test_what_is_cut_short_or_has_no_lines_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for content in (gzip.compress(TEXT.encode() * 99)[:-20], b"\x1f\x8b no"):
        with pytest.raises(InputError, match="cannot be unpacked"):
            list(line_blocks(saved(tmp_path / "t", content)))
    monkeypatch.setattr(lines, "LONGEST_LINE", 100)
    with pytest.raises(InputError, match="has a line of more than"):
        list(line_blocks(saved(tmp_path / "t", b"x" * 200), 10))

"""The compiled judge says of every text what Python and the rules say."""

import sys

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.ingest.columns.characters import characters
from tasks.ingest.text import is_visible

TORN = st.sampled_from(
    [b"\xff", b"\xc3", b"\xe2\x82", b"\xed\xa0\x80", b"\xc0\xaf", b"\xe0\x80\xaf", b"\xf0\x80\x80\x80", 
     b"\xf4\x90\x80\x80",
     b"\x80", b"\xf8\x88\x80\x80\x80", b" ", b"\xe2\x80\x8b", b"\xc2\xad", b"a", b"\xf0\x9f\x98\x80"]
)  # fmt: skip


def check(texts: list[bytes]) -> None:
    found = characters(pa.array(texts, pa.large_binary()))
    for row, text in enumerate(texts):
        try:
            decoded = text.decode("utf-8")
        except UnicodeDecodeError:
            assert not found.sound[row]
            continue
        assert found.sound[row]
        assert found.seen[row] == is_visible(decoded) and found.length[row] == len(decoded)


@settings(deadline=None)
@given(st.lists(st.one_of(st.binary(max_size=12), st.text().map(str.encode), st.lists(TORN).map(b"".join))))
def test_any_bytes(texts: list[bytes]) -> None:
    check(texts)


def test_every_character_alone_and_every_pair_of_bytes() -> None:
    codes = [code for code in range(sys.maxunicode + 1) if not 0xD800 <= code <= 0xDFFF]
    check([chr(code).encode() for code in codes[:0x3100]] + [chr(code).encode() for code in codes[0x3100::97]])
    check([bytes((first, second)) for first in range(256) for second in range(256)])

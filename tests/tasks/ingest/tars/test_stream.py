"""Tars against Python's own reader, and what is said of those that are broken."""

import gzip
import io
import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.ingest.tars.stream import MOST_HEADER, Damaged, TarStream
from tests.tasks.ingest.sources.webdataset.conftest import tar_bytes

NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=150)
FORMS = st.sampled_from([tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])


def ours(content: bytes) -> list[tuple[str, str, int, int, bytes]]:
    stream = TarStream(io.BytesIO(content))
    return [
        (member.name, member.kind, member.offset, member.size, stream.read(member) if member.kind == "file" else b"")
        for member in stream
    ]


def pythons(content: bytes) -> list[tuple[str, str, int, int, bytes]]:
    found = []
    with tarfile.open(fileobj=io.BytesIO(content), mode="r:*") as tar:
        for member in tar:
            kind = "file" if member.isreg() and not member.issparse() else "other"
            opened = tar.extractfile(member) if kind == "file" else None
            found.append((member.name, kind, member.offset_data, member.size, opened.read() if opened else b""))
    return found


def assert_same(content: bytes) -> None:
    mine = [(name.rstrip("/"), "file" if kind == "file" else "other", *rest) for name, kind, *rest in ours(content)]
    theirs = [(name.rstrip("/"), *rest) for name, *rest in pythons(content)]
    assert mine == theirs


@given(st.lists(st.tuples(NAMES, st.binary(max_size=2_000)), max_size=6), FORMS)
def test_as_python_reads_them(members: list[tuple[str, bytes]], form: int) -> None:
    if members:
        assert_same(tar_bytes(members, form))


@given(st.lists(st.tuples(NAMES, st.sampled_from(range(8))), min_size=1, max_size=6), FORMS)
def test_members_without_content(members: list[tuple[str, int]], form: int) -> None:
    kinds = (b"0", b"1", b"2", b"3", b"4", b"5", b"6", b"7")
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=form) as tar:
        for name, number in members:
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kinds[number], "elsewhere" * number
            tar.addfile(info)
    assert_same(buffer.getvalue())


def test_kinds_are_told_apart() -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for kind in (b"0", b"1", b"2", b"3", b"5", b"6"):
            info = tarfile.TarInfo("a.jpg")
            info.type = kind
            tar.addfile(info)
    assert [kind for _, kind, *_ in ours(buffer.getvalue())] == ["file", "link", "link", "device", "folder", "device"]


def test_long_names_prefixes_and_large_numbers() -> None:
    members = [("a/" * 60 + "b.jpg", b"1"), ("é" * 120 + ".txt", b"2"), ("plain.txt", b"3" * 600)]
    for form in (tarfile.GNU_FORMAT, tarfile.PAX_FORMAT):
        assert_same(tar_bytes(members, form))
    assert_same(tar_bytes([("x/" * 49 + "y" * 99, b"0")], tarfile.USTAR_FORMAT))
    header = bytearray(tar_bytes([("a.txt", b"abc")]))
    header[124:136] = b"\x80" + (3).to_bytes(11, "big")
    assert_same(bytes(summed(header)))


def test_pax_sizes_and_records_for_all() -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT, pax_headers={"comment": "of all"}) as tar:
        info = tarfile.TarInfo("a.txt")
        info.size, info.pax_headers = 700, {"mtime": "1.5", "note": "line\nbreak=equals"}
        tar.addfile(info, io.BytesIO(b"x" * 700))
        tar.addfile(tarfile.TarInfo("b.txt"))
    assert_same(buffer.getvalue())


def test_sparse_files_are_passed_over() -> None:
    blocks = tar_bytes([("a.jpg", b"y" * 600), ("b.jpg", b"z")])
    sparse = bytearray(blocks)
    sparse[156:157], sparse[482] = b"S", 1
    summed(sparse)
    mapped = bytes(sparse[:512]) + bytes(504) + b"\1" + bytes(7) + bytes(512) + bytes(sparse[512:])
    assert [(name, kind) for name, kind, *_ in ours(mapped)] == [("a.jpg", "sparse file"), ("b.jpg", "file")]
    pax = io.BytesIO()
    with tarfile.open(fileobj=pax, mode="w", format=tarfile.PAX_FORMAT) as tar:
        info = tarfile.TarInfo("c.jpg")
        info.pax_headers = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0"}
        tar.addfile(info)
    assert [kind for _, kind, *_ in ours(pax.getvalue())] == ["sparse file"]


def summed(header: bytearray) -> bytearray:
    """The first header with its sum set right."""
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header[:512])
    return header


def test_packed_by_gzip() -> None:
    content = tar_bytes([("a.txt", b"abc"), ("b.txt", b"x" * 3_000_000)])
    assert ours(gzip.compress(content)) == ours(content)


WHOLE = tar_bytes([("a.txt", b"a" * 700), ("b.txt", b"b" * 700)])


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "it is empty"),
        (b"<html>" * 200, "no header of a tar"),
        (WHOLE[:100], "in the middle of a header"),
        (WHOLE[:1_000], "bytes too early|in the middle of a.txt"),
        (WHOLE[:1_700], "in the middle of a header"),
        (WHOLE + WHOLE, "more follows its end mark"),
        (b"BZh9" + WHOLE, "packed by bzip2"),
        (b"\xfd7zXZ\0" + WHOLE, "packed by xz"),
        (b"\x28\xb5\x2f\xfd" + WHOLE, "packed by zstd"),
        (gzip.compress(WHOLE, mtime=0)[:-20], "packing is broken"),
        (b"\x1f\x8b" + b"no gzip", "packing is broken"),
    ],
    ids=range(11),
)
@pytest.mark.parametrize("reads", [True, False])
def test_damage_is_said(content: bytes, said: str, reads: bool) -> None:
    stream = None
    with pytest.raises(Damaged, match=said):
        stream = TarStream(io.BytesIO(content))
        for member in stream:
            if reads:
                stream.read(member)


def test_what_came_before_the_damage_is_right() -> None:
    given = []
    with pytest.raises(Damaged, match=r"in the middle of b\.txt: 76 bytes of 700"):
        for member in (stream := TarStream(io.BytesIO(WHOLE[:2_124]))):
            given.append((member.name, stream.read(member)))
    assert given == [("a.txt", b"a" * 700)]


def test_an_end_mark_and_padding_may_be_missing() -> None:
    assert [name for name, *_ in ours(WHOLE[: 512 + 1024 + 512 + 700])] == ["a.txt", "b.txt"]


@pytest.mark.parametrize("kind", [b"L", b"x", b"g"])
def test_a_huge_header_is_not_read(kind: bytes) -> None:
    header = bytearray(tar_bytes([("a.txt", b"")])[:512])
    header[124:136], header[156:157] = b"%011o\0" % (MOST_HEADER + 1), kind
    with pytest.raises(Damaged, match="a header of 1,048,577 bytes"):
        ours(bytes(summed(header)) + bytes(2 * MOST_HEADER))


@pytest.mark.parametrize("size", [b"\xff" * 12, b"9" * 11 + b"\0", b"\x80" + b"\xff" * 11])
def test_impossible_sizes(size: bytes) -> None:
    header = bytearray(tar_bytes([("a.txt", b"")])[:512])
    header[124:136] = size
    with pytest.raises(Damaged, match=r"a number in a header|bytes too early"):
        for _ in TarStream(io.BytesIO(bytes(summed(header)) + bytes(1024))):
            pass


@pytest.mark.parametrize("records", [b"99 path=x\n", b"path=x\n", b"-1 a=b\n", b"9 nothing", b"9 size=x\n"])
def test_broken_pax_records(records: bytes) -> None:
    header = bytearray(tar_bytes([("a.txt", b"")])[:512])
    header[124:136], header[156:157] = b"%011o\0" % len(records), b"x"
    body = bytes(summed(header)) + records + bytes(-len(records) % 512) + WHOLE
    with pytest.raises(Damaged, match="pax"):
        ours(body)


@given(st.binary(max_size=64), st.integers(0, len(WHOLE) - 1))
def test_any_damage_is_told_or_harmless(noise: bytes, at: int) -> None:
    content = bytearray(WHOLE)
    content[at : at + len(noise)] = noise
    try:
        assert len(ours(bytes(content))) <= 4
    except Damaged as error:
        assert str(error)

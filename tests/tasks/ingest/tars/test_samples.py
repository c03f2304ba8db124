"""Members put together as webdataset puts them together, and nothing that is amiss passed over."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from webdataset.tariterators import base_plus_ext, group_by_keys

from tasks.ingest.tars.samples import Sample, samples
from tasks.ingest.tars.stream import TarStream
from tests.tasks.ingest.sources.webdataset.conftest import tar_bytes

NAMES = st.tuples(
    st.sampled_from(["", "a/", "a.b/"]), st.sampled_from(["x", "y", "z_1", "é"]),
    st.sampled_from([".jpg", ".txt", ".JSON", ".seg.png", "", ".5_0.png"]),
).map("".join)  # fmt: skip


def found(members: list[tuple[str, bytes]], **wanted: int) -> list[Sample]:
    most = wanted or {"jpg": 100, "txt": 100}
    stream = TarStream(io.BytesIO(tar_bytes(members)))
    return list(samples(stream, most, dict.fromkeys(most, "image file too large")))


@given(st.lists(NAMES, max_size=8))
def test_grouped_as_webdataset_does(names: list[str]) -> None:
    sound = [name for name in names if base_plus_ext(name)[0]]
    members = [(name, name.encode()) for name in sound]
    try:
        theirs = [
            {name: part for name, part in sample.items() if name != "__url__"}
            for sample in group_by_keys({"fname": name, "data": data, "__url__": ""} for name, data in members)
        ]
    except ValueError:  # of a name that comes twice it makes an end of everything
        assert any(sample.fault and sample.fault[0] == "duplicate key" for sample in found(members))
        return
    everything = dict.fromkeys(("jpg", "txt", "json", "seg.png", "5_0.png"), 100)
    assert [{"__key__": sample.key, **sample.parts} for sample in found(members, **everything)] == theirs


def test_what_is_asked_for_is_read() -> None:
    (sample,) = found([("a.jpg", b"1"), ("a.npy", b"2"), ("a.txt", b"3")])
    assert (sample.key, sample.parts, sample.fault) == ("a", {"jpg": b"1", "npy": None, "txt": b"3"}, None)
    assert sample.names["jpg"] == "a.jpg"


def test_what_is_too_large_is_not_read() -> None:
    (sample,) = found([("a.jpg", b"1" * 101), ("a.txt", b"3")])
    assert sample.parts["jpg"] == ("image file too large", "101 bytes in 'a.jpg', at most 100")


@pytest.mark.parametrize("name", [".hidden", "no_extension", "._a.jpg", "folder/.DS_Store", ""])
def test_a_member_without_a_key_is_told(name: str) -> None:
    (before, odd, after) = found([("a.txt", b""), (name or " ", b""), ("b.txt", b"")])
    assert (before.key, after.key) == ("a", "b")
    assert odd.fault is not None and odd.fault[0] == "malformed row"


@pytest.mark.parametrize("name", ["../a.jpg", "/etc/a.jpg", "x/../../a.jpg", "C:\\a.jpg", "a\\..\\..\\b.jpg"])
def test_names_that_lead_out_are_refused(name: str) -> None:
    (sample,) = found([(name, b"1")])
    assert sample.fault is not None and sample.fault[0] == "unsafe member"

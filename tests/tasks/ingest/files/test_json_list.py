"""A list read entry by entry is what `json` reads at once, wherever the window ends."""

import json
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.errors import InputError
from tasks.ingest.files import json_list
from tasks.ingest.files.json_list import json_entries

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


def entries(folder: Path, content: bytes) -> list[object]:
    (folder / "a.json").write_bytes(content)
    return list(json_entries(folder / "a.json", "the list"))


@settings(max_examples=40)
@given(st.lists(VALUES, max_size=6), st.integers(1, 40), st.booleans(), st.sampled_from([None, 1]))
def test_as_json_reads_it_at_once(
    tmp_path_factory: pytest.TempPathFactory, values: list[object], window: int, ascii_only: bool, indent: int | None
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_list, "BYTES_AT_ONCE", window)
        content = json.dumps(values, ensure_ascii=ascii_only, indent=indent).encode("utf-8", "surrogatepass")
        assert entries(tmp_path_factory.mktemp("list"), content) == values


@pytest.mark.parametrize("window", range(1, 12))
def test_a_number_is_whole_wherever_the_window_ends(
    window: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_list, "BYTES_AT_ONCE", window)
    assert entries(tmp_path, b"[0.0, 1e5, -12.5e-3,2E+7 ,3]") == [0.0, 1e5, -12.5e-3, 2e7, 3]


@pytest.mark.parametrize("window", [1, 3, 1 << 20])
@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is not JSON at line 1: Expecting value"),
        (b"[1,\n2", "is not JSON at line 2"),
        (b"[1,\n\n{]", "is not JSON at line 3"),
        (b"[1 2]", "line 1: Expecting ',' delimiter"),
        (b"[1,]", "is not JSON at line 1"),
        (b"[1]\n[2]", "is not JSON at line 2: Extra data"),
        (b'{"a": 1}', "holds a JSON dict: it must be a list"),
        (b'"a"', "holds a JSON str"),
        (b'["a", "\xff"]', "not UTF-8 at byte 7"),
        (b'["\xc3', "not UTF-8 at byte 2"),
        (b"[" + b"9" * 5_000 + b"]", "a number of thousands of digits"),
    ],
)
def test_what_is_no_list_is_one_sentence(
    tmp_path: Path, window: int, content: bytes, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_list, "BYTES_AT_ONCE", window)
    with pytest.raises(InputError, match=says):
        entries(tmp_path, content)


def test_a_byte_order_mark_nan_and_an_empty_list(tmp_path: Path) -> None:
    assert entries(tmp_path, b"\xef\xbb\xbf [ ] ") == []
    assert str(entries(tmp_path, b"[NaN]")) == "[nan]"


def test_an_entry_without_end_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_list, "BYTES_AT_ONCE", 16)
    monkeypatch.setattr(json_list, "LONGEST_ENTRY", 64)
    with pytest.raises(InputError, match="is not JSON at line 1"):
        entries(tmp_path, b'["' + b"x" * 1_000 + b'"]')


def test_memory_does_not_grow_with_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_list, "BYTES_AT_ONCE", 1 << 12)
    peaks = []
    for count in (2_000, 40_000):
        (tmp_path / "a.json").write_text(json.dumps([{"title": "a" * 20}] * count))
        tracemalloc.start()
        assert sum(1 for _ in json_entries(tmp_path / "a.json", "the list")) == count
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.5 * peaks[0]

"""What single members say."""

import pytest

from tasks.ingest.sources.webdataset.cells import captions_of, key_of, label_of
from tasks.ingest.sources.webdataset.config import WebdatasetConfig
from tasks.ingest.tars.fields import json_fields
from tasks.ingest.tars.samples import Sample


def config(**options: object) -> WebdatasetConfig:
    return WebdatasetConfig(name="w", path="w.tar", **options)


def test_fields() -> None:
    assert json_fields(Sample("a")) == {}
    assert json_fields(Sample("a", {"json": b'\xef\xbb\xbf{"x": 1}'})) == {"x": 1}
    assert json_fields(Sample("a", {"json": '{"x": "é"}'.encode("utf-16")})) == {"x": "é"}
    assert json_fields(Sample("a", {"json": b"null"})) == ("malformed row", "its .json is a NoneType, no object")
    fault = ("malformed row", "99 bytes")
    assert json_fields(Sample("a", {"json": fault})) == fault


def test_captions_in_lines() -> None:
    sample = Sample("a", {"txt": b"\xef\xbb\xbfone\r\ntwo\n\n  \nthree"})
    assert captions_of(sample, {}, config(lines=True)) == [b"one", b"two", b"three"]
    assert captions_of(Sample("a"), {}, config(lines=True)) is None


@pytest.mark.parametrize(("text", "label"), [(b"7", 7), (b" -1\n", -1), (b"+3", 3), (b"\xd9\xa3", 3)])
def test_labels(text: bytes, label: int) -> None:
    assert label_of(Sample("a", {"cls": text}), {}, config(label="cls")) == label


@pytest.mark.parametrize("value", ["1.5", True, 1.0, [], "9" * 5_000])
def test_no_labels(value: object) -> None:
    found = label_of(Sample("a"), {"n": value}, config(label="json.n"))
    assert isinstance(found, tuple) and found[0] == "malformed row"


def test_keys() -> None:
    sample = Sample("a/b")
    assert key_of(sample, {}, config(), "0.tar") == b"0.tar:a/b"
    assert key_of(sample, {}, config(key="sample"), "0.tar") == b"a/b"
    for value in ("", None, True, 1.5, []):
        found = key_of(sample, {"uid": value}, config(key="json.uid"), "0.tar")
        assert isinstance(found, tuple) and found[0] == "malformed row"


@pytest.mark.parametrize("options", [{"key": "uid"}, {"caption": ""}, {"image": ()}, {"table": "x"}])
def test_what_a_configuration_refuses(options: dict) -> None:
    with pytest.raises(ValueError):
        config(**options)

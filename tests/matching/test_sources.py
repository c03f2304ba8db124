"""Every kind of list, read or refused."""

import json
import sys
from pathlib import Path

import pyarrow as pa
import pytest

from storage.errors import InputError
from tasks.matching import wordnet
from tasks.matching.config import (
    BigramEntries,
    ClassNameEntries,
    ExplicitEntries,
    JsonEntries,
    Source,
    TextEntries,
    WordFrequencyEntries,
    WordNetEntries,
)
from tasks.matching.sources import read_source


def read(source: Source, files: Path | None = None, captions: list[str] | None = None) -> list[str]:
    return read_source(source, files, [pa.array(captions or [], pa.string())])


def test_explicit() -> None:
    assert read(ExplicitEntries(entries=("b", "a"))) == ["b", "a"]


def test_json_by_folder_and_by_file(tmp_path: Path) -> None:
    file = tmp_path / "metadata.json"
    file.write_text(json.dumps(["cat", "", "café"]), encoding="utf-8")
    assert read(JsonEntries(file="metadata.json"), tmp_path) == ["cat", "", "café"]
    assert read(JsonEntries(), file) == ["cat", "", "café"]


def test_text_leaves_out_blank_lines(tmp_path: Path) -> None:
    file = tmp_path / "list.txt"
    file.write_bytes("\ufeffcat\r\n\n dog \n".encode())
    assert read(TextEntries(), file) == ["cat", " dog "]


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"{", "is not JSON"), (b'{"a": 1}', "not a JSON dict"), (b'["a", 3]', "entry 1 is 3"), (b"\xff[]", "not UTF-8")],
)
def test_json_faults(tmp_path: Path, content: bytes, message: str) -> None:
    file = tmp_path / "metadata.json"
    file.write_bytes(content)
    with pytest.raises(InputError, match=message):
        read(JsonEntries(), file)


@pytest.mark.parametrize(
    ("source", "files", "message"),
    [
        (JsonEntries(), None, "set `files`"),
        (JsonEntries(file="none.json"), Path(), "does not exist"),
        (TextEntries(file="../x"), Path(), "lies outside"),
        (TextEntries(), Path(), "is a folder"),
        (ClassNameEntries(datasets=("nowhere",)), None, "no 'nowhere' in clip-benchmark"),
    ],
)
def test_files_that_cannot_be_read(tmp_path: Path, source: Source, files: Path | None, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read(source, None if files is None else tmp_path)


def test_class_names() -> None:
    names = read(ClassNameEntries(datasets=("pets",)))
    assert len(names) == 37
    assert set(names) < set(read(ClassNameEntries()))


def test_wordnet_from_a_folder(tmp_path: Path) -> None:
    licence = "  1 This software is licensed\n"
    (tmp_path / "index.noun").write_text(
        licence + "black_cat n 1 1 @ 1 0 0001\ncat n 8 5 @ 8 7 0002\n", encoding="utf-8"
    )
    (tmp_path / "index.verb").write_text(licence + "cat v 2 1 @ 2 0 0003\nrun v 9 1 @ 2 0 0004\n", encoding="utf-8")
    source = WordNetEntries(parts_of_speech=("noun", "verb"), folder=".")
    assert read(source, tmp_path) == ["black cat", "cat", "run"]
    with pytest.raises(InputError, match=r"index\.adj is missing"):
        read(WordNetEntries(parts_of_speech=("adj",), folder="."), tmp_path)


def test_wordnet_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "index.noun").write_text("cat n 8 5 @ 8 7 0002\n", encoding="utf-8")
    monkeypatch.setenv("WNSEARCHDIR", str(tmp_path))
    assert wordnet.wordnet_lemmas(["noun"]) == ["cat"]


def test_word_frequencies() -> None:
    pytest.importorskip("wordfreq", reason="wordfreq is not installed")
    words = read(WordFrequencyEntries(minimum_zipf=6.0))
    assert words[0] == "the"
    assert set(words) < set(read(WordFrequencyEntries(minimum_zipf=5.0)))
    with pytest.raises(InputError, match="wordfreq"):
        read(WordFrequencyEntries(language="xx"))


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "wordfreq", None)
    with pytest.raises(InputError, match="needs the package wordfreq"):
        read(WordFrequencyEntries())


def test_bigrams_of_the_corpus() -> None:
    captions = ["new york city", "new york, new york", "york city", "a b"]
    assert read(BigramEntries(minimum_count=2, minimum_pmi=0.0), None, captions)[0] == "new york"


def test_no_wordnet_at_all_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WNSEARCHDIR", raising=False)
    monkeypatch.setattr(wordnet, "_installed_folder", lambda: None)
    monkeypatch.setitem(sys.modules, "wn", None)
    with pytest.raises(InputError, match="no WordNet found"):
        wordnet.wordnet_lemmas(["noun"])

"""Every kind of list, read or refused."""

import json
import re
import shutil
import sys
from pathlib import Path

import pyarrow as pa
import pytest

from storage.errors import InputError
from tasks.matching.config import (
    BigramEntries,
    ClassNameEntries,
    ExplicitEntries,
    JsonEntries,
    MetadataConfig,
    Source,
    TextEntries,
    WordFrequencyEntries,
    WordNetEntries,
)
from tasks.matching.lists import wordnet
from tasks.matching.lists.installed_versions import installed_lists
from tasks.matching.lists.sources import read_source
from tasks.matching.task import metadata


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
    file.write_bytes("\ufeffcat\r\n\n dog \na\u2028b\x0cc".encode())
    assert read(TextEntries(), file) == ["cat", " dog ", "a\u2028b\x0cc"]


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


def test_wordnet_heads_are_the_names_that_metaclip_takes(tmp_path: Path) -> None:
    (tmp_path / "data.noun").write_text(
        "  1 This software is licensed\n"
        "02958343 06 n 05 car 0 auto 0 automobile 0 machine 4 motorcar 0 001 @ 03791235 n 0000 | a motor vehicle\n"
        "02123045 05 n 02 tabby_cat 0 tabby 1 001 @ 02121808 n 0000 | a cat\n"
        "08821885 15 n 03 D.C. 0 District_of_Columbia 0 DC 0 001 #p 09044862 n 0000 | a district\n"
        "02960352 06 n 03 car 2 gondola 1 cable_car 0 001 @ 1 n 0000 | a second synset of the same head\n",
        encoding="utf-8",
    )
    (tmp_path / "data.adj").write_text(
        "00014358 00 s 02 galore(ip) 0 abounding 0 001 & 00013887 a 0000 | plenty\n", encoding="utf-8"
    )
    source = WordNetEntries(words="heads", parts_of_speech=("noun", "adj"), folder=".")
    assert read(source, tmp_path) == ["car", "tabby cat", "d", "galore"]
    with pytest.raises(InputError, match=r"data\.verb is missing"):
        read(source.model_copy(update={"parts_of_speech": ("verb",)}), tmp_path)
    (tmp_path / "data.noun").write_text("no synset\n", encoding="utf-8")
    with pytest.raises(InputError, match="no synset"):
        read(source, tmp_path)


def test_wordnet_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "index.noun").write_text("cat n 8 5 @ 8 7 0002\n", encoding="utf-8")
    monkeypatch.setenv("WNSEARCHDIR", str(tmp_path))
    assert wordnet.wordnet_lemmas(["noun"]) == ["cat"]


def index_files(folder: Path) -> Path:
    folder.mkdir(parents=True)
    for part, lemma in {"noun": "cat", "verb": "run", "adj": "afraid", "adv": "very_fast"}.items():
        (folder / f"index.{part}").write_text(f"  1 licence\n{lemma} x 1 1 @ 1 0 0001\n", encoding="utf-8")
    return folder


@pytest.mark.parametrize("packed", [False, True])
def test_wordnet_from_nltk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, packed: bool) -> None:
    """`nltk.download("wordnet")` leaves a zip file; older versions of nltk unpacked it."""
    nltk_data = pytest.importorskip("nltk", reason="nltk is not installed").data
    index_files(tmp_path / "corpora" / "wordnet")
    if packed:
        shutil.make_archive(str(tmp_path / "corpora" / "wordnet"), "zip", tmp_path / "corpora", "wordnet")
        shutil.rmtree(tmp_path / "corpora" / "wordnet")
    monkeypatch.delenv("WNSEARCHDIR", raising=False)
    monkeypatch.setattr(nltk_data, "path", [str(tmp_path)])
    assert read(WordNetEntries()) == ["cat", "run", "afraid", "very fast"]
    assert re.fullmatch(r"(xxh3:)?[0-9a-f]{32}", installed_lists([WordNetEntries()])["wordnet"])


def test_wordnet_from_wn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lexicon of one word for each letter of `wn`, read from its own database."""
    wn = pytest.importorskip("wn", reason="wn is not installed")
    monkeypatch.setattr(wordnet, "_installed_folder", lambda: None)
    monkeypatch.setattr(wn.config, "data_directory", tmp_path)
    with pytest.raises(InputError, match="no WordNet found"):
        read(WordNetEntries())
    assert installed_lists([WordNetEntries()]) == {"wordnet": "absent"}
    words = {"n": "black cat", "v": "run", "a": "big", "s": "afraid", "r": "fast"}
    entries = "".join(
        f'<LexicalEntry id="w-{part}"><Lemma writtenForm="{word}" partOfSpeech="{part}"/>'
        f'<Sense id="s-{part}" synset="tiny-{part}"/></LexicalEntry>'
        for part, word in words.items()
    )
    synsets = "".join(f'<Synset id="tiny-{part}" ili="i{part}" partOfSpeech="{part}"/>' for part in words)
    (tmp_path / "tiny.xml").write_text(
        '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE LexicalResource SYSTEM '
        '"http://globalwordnet.github.io/schemas/WN-LMF-1.0.dtd">\n<LexicalResource '
        'xmlns:dc="https://globalwordnet.github.io/schemas/dc/"><Lexicon id="tiny" label="Tiny" language="en" '
        f'email="e" license="l" version="1" url="u">{entries}{synsets}</Lexicon></LexicalResource>',
        encoding="utf-8",
    )
    wn.add(tmp_path / "tiny.xml", progress_handler=None)
    assert read(WordNetEntries()) == ["black cat", "run", "big", "afraid", "fast"]
    assert installed_lists([WordNetEntries()]) == {"wordnet": "tiny:1"}
    assert read(WordNetEntries(parts_of_speech=("adj",))) == ["big", "afraid"]
    assert read(WordNetEntries(words="heads", parts_of_speech=("noun", "adj"))) == ["black cat", "big", "afraid"]


def test_wordnet_of_debian(monkeypatch: pytest.MonkeyPatch) -> None:
    if not (wordnet._DEBIAN / "index.noun").is_file():
        pytest.skip("Debian's wordnet-base is not installed")
    monkeypatch.setattr(wordnet, "_nltk_folders", lambda: iter(()))
    monkeypatch.delenv("WNSEARCHDIR", raising=False)
    nouns = read(WordNetEntries(parts_of_speech=("noun",)))
    assert len(nouns) > 100_000
    assert {"cat", "tabby cat", "new york"} <= set(nouns)
    assert len(nouns) == len(set(nouns))


def test_another_version_of_an_installed_list_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sources = [WordNetEntries(), ClassNameEntries(), JsonEntries(), WordNetEntries(folder="x")]
    monkeypatch.setenv("WNSEARCHDIR", str(index_files(tmp_path / "dictionary")))
    before = installed_lists(sources)
    assert before.keys() == {"wordnet", "clip-benchmark"}
    with open(tmp_path / "dictionary" / "index.noun", "a", encoding="utf-8") as file:
        file.write("dog n 1 1 @ 1 0 0001\n")
    after = installed_lists(sources)
    assert after["wordnet"] != before["wordnet"]
    config = MetadataConfig(sources=(ClassNameEntries(),))
    keys = [metadata.parts(config, None, (), versions).key for versions in ({}, before, before, after)]
    assert keys[1] == keys[2]
    assert len(set(keys)) == 3


def test_word_frequencies() -> None:
    pytest.importorskip("wordfreq", reason="wordfreq is not installed")
    words = read(WordFrequencyEntries(minimum_zipf=6.0))
    assert words[0] == "the"
    assert set(words) < set(read(WordFrequencyEntries(minimum_zipf=5.0)))
    assert read(WordFrequencyEntries(language="de", minimum_zipf=7.0))[:2] == ["die", "der"]
    for language in ("xx", "not a language!"):
        with pytest.raises(InputError, match="wordfreq"):
            read(WordFrequencyEntries(language=language))


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "wordfreq", None)
    with pytest.raises(InputError, match="needs the package wordfreq"):
        read(WordFrequencyEntries())


def test_missing_class_names_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "clip_benchmark", None)
    with pytest.raises(InputError, match="pip install clip-benchmark"):
        read(ClassNameEntries())


def test_bigrams_of_the_corpus() -> None:
    captions = ["new york city", "new york, new york", "york city", "a b"]
    assert read(BigramEntries(minimum_count=2, minimum_pmi=0.0), None, captions)[0] == "new york"


def test_no_wordnet_at_all_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WNSEARCHDIR", raising=False)
    monkeypatch.setattr(wordnet, "_installed_folder", lambda: None)
    monkeypatch.setitem(sys.modules, "wn", None)
    with pytest.raises(InputError, match="no WordNet found"):
        wordnet.wordnet_lemmas(["noun"])

"""The matcher against MetaCLIP's own loop, against pyahocorasick, and against itself in other shapes."""

import csv
import random
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import ahocorasick
import numpy as np
import polars as pl
import pyarrow as pa
import pytest
import scipy.sparse
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.errors import InputError
from tasks.matching.matcher import KeywordMatcher
from tasks.matching.spacing.text import spacing
from tests.tasks.matching.texts import entry_lists, plain_loop, plain_unicode_loop, texts

ENTRIES = [
    "cat",
    "dog",
    "a cat",
    "cat",
    "",
    " cat",
    "cat ",
    "a  b",
    ",",
    ", a",
    "U.S.A.",
    "中文",
    "cat\x00",
    "the cat sat",
]
CAPTIONS = ["a cat", "cat, dog", "a, b", "", "a  b", "中文", "the cat sat", "cat\x00 dog", "a cat , a"]


@settings(max_examples=250, deadline=None)
@given(entry_lists(), st.lists(texts(), max_size=8))
def test_equals_the_plain_loop(entries: list[str], captions: list[str]) -> None:
    assert KeywordMatcher(entries).match(captions).to_pylist() == plain_loop(entries, captions)


@settings(max_examples=120, deadline=None)
@given(entry_lists(), st.lists(st.tuples(texts(), st.sampled_from([1, 1, 3, 2_000])), max_size=4))
def test_equals_pyahocorasick_up_to_captions_of_100_kilobytes(
    entries: list[str], captions: list[tuple[str, int]]
) -> None:
    automaton = ahocorasick.Automaton()
    for entry in entries:
        automaton.add_word(f" {entry} ", entry)
    automaton.make_automaton()
    repeated = [text * times for text, times in captions]
    hits = [{entry for _, entry in automaton.iter(spacing(caption))} if entries else set() for caption in repeated]
    expected = [[place for place, entry in enumerate(entries) if entry in found] for found in hits]
    assert KeywordMatcher(entries).match(repeated).to_pylist() == expected


@settings(max_examples=120, deadline=None)
@given(entry_lists(), st.lists(texts(), max_size=8), st.booleans())
def test_unicode_equals_the_plain_loop(entries: list[str], captions: list[str], fold_case: bool) -> None:
    matcher = KeywordMatcher(entries, "unicode", fold_case=fold_case)
    assert matcher.match(captions).to_pylist() == plain_unicode_loop(entries, captions, fold_case)


@pytest.mark.parametrize("depth", [1, 2, 5, 40])
def test_captions_longer_than_a_block(depth: int) -> None:
    """Runs of tokens that end just before, at, and after the kernel's block, and 100 kB captions."""
    source = random.Random(depth)
    words = ["a", "b", "", "supercalifragilistic", "x" * 15, "x" * 16, "é"]
    entries = [" ".join(source.choices(words, k=source.randint(1, depth))) for _ in range(40)]
    entries += source.choices(entries, k=5)
    captions = []
    for size in [0, 1, 1022, 1023, 1024, 1025, 1151, 1152, 1153, 1154, 1155, 2048, 20_000]:
        pieces = [source.choice(words) + source.choice([" ", " ", ", ", "\t"]) for _ in range(size)]
        captions.append("".join(pieces) + source.choice(entries))
    assert KeywordMatcher(entries).match(captions).to_pylist() == plain_loop(entries, captions)


def real_titles(folder: Path) -> list[str]:
    with open(folder / "imagenet_captions" / "imagenet_captions_val_c250.csv", encoding="utf-8", newline="") as file:
        return [row[0] for row in csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)][1:]


def test_real_captions_against_pyahocorasick_and_the_plain_loop(shared_data: Path) -> None:
    titles = real_titles(shared_data)
    words = sorted({word for title in titles for word in spacing(title).split()})
    pairs = sorted(
        {f"{a} {b}" for t in titles for a, b in zip(spacing(t)[1:-1].split(" "), spacing(t)[1:-1].split(" ")[1:])}
    )
    entries = words[::2] + pairs[::3] + titles[::50]
    automaton = ahocorasick.Automaton()
    for text in dict.fromkeys(entries):
        automaton.add_word(f" {text} ", text)
    automaton.make_automaton()
    places: dict[str, list[int]] = {}
    for place, entry in enumerate(entries):
        places.setdefault(entry, []).append(place)
    found = KeywordMatcher(entries).match(titles).to_pylist()
    for title, ids in zip(titles, found):
        hits = {text for _, text in automaton.iter(spacing(title))}
        assert ids == sorted(place for text in hits for place in places[text])
    assert found[::500] == plain_loop(entries, titles[::500])


def test_every_shape_of_input_gives_the_same() -> None:
    matcher = KeywordMatcher(ENTRIES)
    expected = plain_loop(ENTRIES, CAPTIONS)
    strings = pa.array(CAPTIONS)
    padded = pa.array(["cat dog", *CAPTIONS, "dog"])
    shapes = [
        CAPTIONS,
        tuple(CAPTIONS),
        strings,
        pa.array(CAPTIONS, pa.large_string()),
        pa.array(CAPTIONS, pa.string_view()),
        pa.array([caption.encode() for caption in CAPTIONS], pa.binary()),
        strings.dictionary_encode(),
        padded.slice(1, len(CAPTIONS)),
        pa.chunked_array([strings.slice(0, 4), strings.slice(4, 0), strings.slice(4)]),
        pl.Series(CAPTIONS),
    ]
    for shape in shapes:
        assert matcher.match(shape).to_pylist() == expected
    assert KeywordMatcher(pl.Series(ENTRIES)).match(CAPTIONS).to_pylist() == expected
    assert KeywordMatcher(pa.array(["x", *ENTRIES]).slice(1)).match(CAPTIONS).to_pylist() == expected


def test_the_result_is_a_large_list_of_uint32_without_nulls() -> None:
    matches = KeywordMatcher(["cat"]).match(["a cat", None, "dog"])
    assert matches.type == pa.large_list(pa.uint32())
    assert matches.null_count == 0
    assert matches.to_pylist() == [[0], [], []]
    assert matches.offsets.to_pylist() == [0, 1, 1, 1]


def test_null_captions_match_nothing_even_where_bytes_lie_under_them() -> None:
    hidden = pa.StringArray.from_buffers(
        2, pa.array(["cat", "cat"]).buffers()[1], pa.array(["cat", "cat"]).buffers()[2], pa.py_buffer(b"\x02"), 1
    )
    assert hidden.to_pylist() == [None, "cat"]
    assert KeywordMatcher(["cat", ""]).match(hidden).to_pylist() == [[], [0]]
    assert KeywordMatcher(["cat", ""]).match([None, "", "cat"]).to_pylist() == [[], [1], [0]]


def test_no_captions() -> None:
    for nothing in ([], pa.array([], pa.string()), pa.chunked_array([], pa.string()), pl.Series([], dtype=pl.String)):
        assert KeywordMatcher(["cat"]).match(nothing).to_pylist() == []


def test_an_empty_list_and_a_list_with_one_entry() -> None:
    assert KeywordMatcher([]).match(["a cat", ""]).to_pylist() == [[], []]
    assert KeywordMatcher([""]).match(["a cat", "", "a, b"]).to_pylist() == [[], [0], [0]]
    assert KeywordMatcher(["cat"], "unicode").match(["a cat", ""]).to_pylist() == [[0], []]
    assert KeywordMatcher([""], "unicode").match(["a cat", ""]).to_pylist() == [[], []]


def test_a_caption_of_ten_megabytes() -> None:
    """Words, then nothing but marks (two tokens a byte), then an entry at the very end."""
    caption = "cat dog " * 600_000 + "," * 5_000_000 + "the cat sat"
    entries = ["cat", "dog cat", ",", "", "the cat sat", "sat"]
    assert KeywordMatcher(entries).match([caption, "cat"]).to_pylist() == [[0, 1, 2, 3, 4, 5], [0]]


def test_rows_with_more_entries_than_are_sorted_at_once() -> None:
    entries = [f"w{i}" for i in range(100_000)]
    caption = " ".join(entries[::-1] * 2)
    assert KeywordMatcher(entries).match([caption, "w5"]).to_pylist() == [list(range(100_000)), [5]]


def test_bytes_outside_utf8_match_no_entry_and_hurt_nothing() -> None:
    captions = pa.array([b"a \xff cat", b"cat\xff", b"\xe4\xb8 cat", b"dog"], pa.binary())
    for normalise in ("metaclip", "unicode"):
        assert KeywordMatcher(["cat", "dog"], normalise).match(captions).to_pylist() == [[0], [], [0], [1]]


def test_threads_do_not_change_the_result() -> None:
    source = random.Random(0)
    words = [f"w{i}" for i in range(300)]
    captions = [" ".join(source.choices(words, k=source.randint(0, 8))) for _ in range(70_000)]
    matcher = KeywordMatcher(words[:200] + [f"{a} {b}" for a in words[:20] for b in words[:20]])
    expected = matcher.match(captions, threads=1)
    for threads in (2, 5, None):
        assert matcher.match(captions, threads=threads).equals(expected)
    assert matcher.match(pa.array(captions).slice(60_000)).to_pylist() == expected.to_pylist()[60_000:]


@pytest.mark.parametrize("unspaced_scripts", [False, True])
def test_numbers_stand_for_positions(unspaced_scripts: bool) -> None:
    numbers = np.array([3, 7, 9, 1_000_000_000], dtype=np.uint32)
    matcher = KeywordMatcher(["cat", "中", "U.S.A.", "cat"], numbers=numbers, unspaced_scripts=unspaced_scripts)
    assert matcher.match(["中 cat", "dog"]).to_pylist() == [[3, 7, 1_000_000_000], []]
    assert [dead.entry for dead in matcher.audit().dead] == [9]
    assert [(same.entry, same.of) for same in matcher.audit().duplicates] == [(1_000_000_000, 3)]


@pytest.mark.parametrize("numbers", [[3, 3], [0], [4, 2], [0, 1 << 30], [-1, 0]])
def test_numbers_that_cannot_be_used(numbers: list[int]) -> None:
    with pytest.raises(InputError, match=r"number"):
        KeywordMatcher(["cat", "dog"], numbers=np.array(numbers))


@pytest.mark.parametrize(
    ("entries", "options", "message"),
    [
        (["cat", 7], {}, "entries, row 1: 7 is not a text"),
        (["cat", "\ud800"], {}, "entries, row 1"),
        (["cat", None], {}, "entries, row 1: null"),
        ("cat", {}, "not one text"),
        (pa.array([1, 2]), {}, "must be texts, not Arrow int64"),
        (pa.array([b"cat", b"\xff"]), {}, "entries, row 1"),
        (["cat"], {"normalise": "nfkc"}, "normalise must be"),
        (["cat"], {"fold_case": True}, "fold_case needs"),
    ],
)
def test_what_cannot_be_used_is_said(entries: object, options: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        KeywordMatcher(entries, **options)  # type: ignore[arg-type]


def test_captions_that_are_no_texts_are_named() -> None:
    with pytest.raises(InputError, match="captions, row 1: 3"):
        KeywordMatcher(["cat"]).match(["cat", 3])


def test_matching_leaves_the_interpreter_free() -> None:
    """Another thread gets on with Python while one long caption is matched: the GIL is released."""
    matcher = KeywordMatcher(["cat", "the cat"])
    caption = pa.array(["the cat sat " * 2_000_000])
    steps = 0
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(matcher.match, caption, threads=1)
        while not running.done():
            steps += 1
    assert running.result().to_pylist() == [[0, 1]]
    # With the GIL held the loop would be let in a few times at most.
    assert steps > 1_000


def test_the_result_is_a_sparse_matrix_without_a_copy() -> None:
    """Offsets and values are CSR's `indptr` and `indices`, and the buffers that Parquet is written from."""
    captions = pa.array(["a cat", "dog", "no", "dog, cat"])
    matches = KeywordMatcher(["cat", "dog"]).match(captions)
    indptr, indices = (part.to_numpy(zero_copy_only=True) for part in (matches.offsets, matches.values))
    matrix = scipy.sparse.csr_array((np.ones(indices.size), indices.view(np.int32), indptr), shape=(4, 2))
    assert matrix.toarray().tolist() == [[1, 0], [0, 1], [0, 0], [1, 1]]
    lists = pa.ListArray.from_arrays(matches.offsets.cast(pa.int32()), matches.values)
    assert lists.values.buffers()[1].address == matches.values.buffers()[1].address
    assert lists.to_pylist() == matches.to_pylist()


@pytest.mark.parametrize("numbers", [[3, 5], (3, 5), np.array([3, 5], np.uint8), np.array([3, 5], np.uint64)])
def test_numbers_of_any_whole_type(numbers: list[int]) -> None:
    assert KeywordMatcher(["cat", "dog"], numbers=numbers).match(["dog", "cat"]).to_pylist() == [[5], [3]]


@pytest.mark.parametrize("numbers", [[0.5, 1.5], [0.0, 1.0], [False, True], ["0", "1"]])
def test_numbers_that_are_not_whole_are_refused(numbers: list) -> None:
    with pytest.raises(InputError, match="numbers must be whole numbers"):
        KeywordMatcher(["cat", "dog"], numbers=numbers)


@pytest.mark.parametrize("threads", [0, -2])
def test_there_is_at_least_one_thread(threads: int) -> None:
    with pytest.raises(InputError, match="threads must be at least 1"):
        KeywordMatcher(["cat"]).match(["a cat"], threads=threads)

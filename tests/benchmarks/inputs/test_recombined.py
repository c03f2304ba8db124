"""The corpus of the scale benchmark: all captions different, the same for any chunks, and of real words."""

import itertools

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmarks.inputs import recombined
from benchmarks.inputs.recombined import Pieces, make_captions, make_keywords, permuted, read_pieces, write_captions


@pytest.fixture(scope="module")
def few() -> Pieces:
    """Pieces that would make equal captions if they were joined anyhow: `a a` + `a` + `b` and `a a` + `a b`."""

    def texts(*values: str) -> pa.Array:
        return pa.array(values, pa.large_string())

    return Pieces(texts("a a", "a b", "b a"), texts("a", "b"), texts("a", "b", "a b", "b a", "a a b"))


def test_every_caption_of_a_small_world_comes_once(few):
    assert few.captions == 30
    assert len(set(make_captions(few, 0, 30).to_pylist())) == 30


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 30, 1000, 1025])
def test_it_is_a_permutation(size):
    found = permuted(np.arange(size, dtype=np.uint64), size)
    assert np.array_equal(np.sort(found), np.arange(size))


def test_real_captions_are_different_and_any_chunks_give_the_same(shared_data):
    pieces = read_pieces(shared_data)
    whole = make_captions(pieces, 0, 50_000)
    assert len(whole.unique()) == len(whole)
    cuts = [0, 1, 7, 20_000, 20_001, 50_000]
    parts = [make_captions(pieces, start, stop) for start, stop in itertools.pairwise(cuts)]
    assert pa.concat_arrays(parts).equals(whole)
    middle = make_captions(pieces, 10**9, 10**9 + 1000)
    assert len(pa.concat_arrays([whole, middle]).unique()) == len(whole) + len(middle)


def test_files_hold_the_same_rows_whatever_their_size(few, tmp_path, monkeypatch):
    write_captions(few, 30, tmp_path / "one")
    monkeypatch.setattr(recombined, "ROWS_PER_FILE", 7)
    write_captions(few, 30, tmp_path / "many")
    assert len(list((tmp_path / "many").iterdir())) == 5
    one, many = (pq.read_table(tmp_path / name) for name in ("one", "many"))
    assert one.equals(many)
    assert one.column("caption").combine_chunks().equals(pa.chunked_array([make_captions(few, 0, 30)]).combine_chunks())


def test_more_captions_than_there_are_is_an_error(few, tmp_path):
    with pytest.raises(ValueError, match="31 rows wanted, but there are 30"):
        write_captions(few, 31, tmp_path)


def test_keywords_are_words_and_pairs_by_frequency():
    captions = ["red fox, red fox", "red fox", "red IMG_1 42 fox"]
    assert make_keywords(captions, 10) == ["fox", "red", "red fox"]
    assert make_keywords(captions, 1) == ["fox"]

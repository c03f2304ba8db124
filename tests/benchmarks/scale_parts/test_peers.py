"""The peers of the scale benchmark do the project's own work: the same hits, counts and probabilities."""

import itertools

import numpy as np
import polars as pl
import pyarrow.parquet as pq
import pytest

from benchmarks.inputs.recombined import make_captions, make_keywords, read_pieces, write_captions
from benchmarks.scale_parts.peers import (
    PlainCuration,
    curate_in_frames,
    keep_in_frames,
    keep_probability,
    make_automaton,
    match_in_frames,
    match_plainly,
)
from tasks.balancing.threshold_rule import threshold
from tasks.matching.matcher import KeywordMatcher
from tests.paths import SHARED_DATA

ROWS, T = 2_000, 3.0
ODD = ["", "  two  blanks ", "tab\tnew\nline", "a.b,c", "the the the", "no keyword: 0451"]


@pytest.fixture(scope="module")
def titles():
    if not SHARED_DATA.is_dir():
        pytest.skip(f"real data not found at {SHARED_DATA} (set EQUIPOISE_DATA)")
    return SHARED_DATA


@pytest.fixture(scope="module")
def corpus(titles):
    captions = make_captions(read_pieces(titles), 0, ROWS).to_pylist()
    return captions + ODD, make_keywords(captions, 1_500)


@pytest.fixture(scope="module")
def ours(corpus):
    captions, keywords = corpus
    found = KeywordMatcher(keywords).match(captions)
    return found, threshold(found.offsets, found.values, columns=len(keywords), t=T).inclusion


def test_plain_python_agrees(corpus, ours):
    captions, keywords = corpus
    offsets, hits = match_plainly(make_automaton(keywords), captions)
    found, inclusion = ours
    assert [sorted(hits[a:b]) for a, b in itertools.pairwise(offsets)] == found.to_pylist()
    counts = np.bincount(hits, minlength=len(keywords))
    assert np.array_equal(counts, np.bincount(found.values, minlength=len(keywords)))
    probability = keep_probability(offsets, hits, counts, T)
    assert 0 < probability.mean() < 0.9
    np.testing.assert_allclose(probability, inclusion, rtol=1e-12, atol=1e-15)


def test_frames_agree(corpus, ours):
    captions, keywords = corpus
    hits = match_in_frames(pl.Series(captions), keywords).sort("row", "keyword")
    found, inclusion = ours
    rows = np.repeat(np.arange(len(captions)), np.diff(found.offsets))
    assert np.array_equal(hits["row"].to_numpy(), rows)
    assert np.array_equal(hits["keyword"].to_numpy(), found.values.to_numpy())
    likely = keep_in_frames(hits, T).sort("row")
    np.testing.assert_allclose(likely["probability"], inclusion[likely["row"].to_numpy()], rtol=1e-9)
    assert not inclusion[np.setdiff1d(np.arange(len(captions)), likely["row"].to_numpy())].any()


def test_both_keep_about_what_is_expected(titles, corpus, ours, tmp_path):
    _, keywords = corpus
    source, expected = tmp_path / "captions", ours[1].sum()
    write_captions(read_pieces(titles), ROWS, source)
    for name in ("plain", "frames"):
        (tmp_path / name).mkdir()
    kept = {
        "plain": PlainCuration(source, keywords, tmp_path / "plain", T).run(workers=2),
        "frames": curate_in_frames(source, keywords, tmp_path / "frames", T),
    }
    captions = set(pq.read_table(source)["caption"].to_pylist())
    for name, rows in kept.items():
        written = pq.read_table(tmp_path / name)["caption"].to_pylist()
        assert len(written) == rows and set(written) <= captions
        assert abs(rows - expected) < 5 * np.sqrt(ROWS) / 2

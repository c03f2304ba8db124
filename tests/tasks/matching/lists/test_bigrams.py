"""PMI against the formula worked out by hand."""

import math
from collections import Counter
from itertools import pairwise

import pyarrow as pa
import pytest

from tasks.matching.lists.bigrams import corpus_bigrams

CAPTIONS = ["the red cat sat", "a red cat", "the dog. red cat! the", "", "cat , red", "red  cat"]


def by_hand() -> dict[str, tuple[int, float]]:
    words: Counter[str] = Counter()
    pairs: Counter[str] = Counter()
    for run in ["the red cat sat", "a red cat", "the dog", "red cat", "the", "cat", "red", "red cat"]:
        tokens = run.split()
        words.update(tokens)
        pairs.update(f"{a} {b}" for a, b in pairwise(tokens))
    total = words.total()
    return {
        pair: (count, math.log2(count * total / math.prod(words[word] for word in pair.split())))
        for pair, count in pairs.items()
    }


@pytest.mark.parametrize("blocks", [1, 2, 6])
def test_formula_whatever_the_blocks(blocks: int) -> None:
    column = pa.array(CAPTIONS)
    step = len(CAPTIONS) // blocks
    cut = [column.slice(place, step) for place in range(0, len(CAPTIONS), step)]
    found = corpus_bigrams(cut, minimum_count=1, minimum_pmi=-99.0, limit=100)
    expected = by_hand()
    assert dict(zip(found.texts, found.count.tolist())) == {pair: count for pair, (count, _) in expected.items()}
    assert found.pmi.tolist() == pytest.approx([expected[text][1] for text in found.texts])
    assert found.pmi.tolist() == sorted(found.pmi.tolist(), reverse=True)


def test_thresholds_and_limit() -> None:
    column = [pa.array(CAPTIONS)]
    assert corpus_bigrams(column, minimum_count=2, minimum_pmi=0.0, limit=9).texts == ("red cat",)
    assert len(corpus_bigrams(column, minimum_count=1, minimum_pmi=0.0, limit=2).texts) == 2
    assert corpus_bigrams([], minimum_count=1, minimum_pmi=0.0, limit=2).texts == ()

"""Words of a corpus, against a count by hand."""

from collections import Counter

import pyarrow as pa
import pytest

from tasks.matching.lists.words import corpus_words

CAPTIONS = ["The red cat sat", "a red Cat", "the dog. red cat! the", "", "cat , red -- 7", "red  CAT", "a cat's dog"]


@pytest.mark.parametrize("blocks", [1, 3, 7])
def test_captions_are_counted_whatever_the_blocks(blocks: int) -> None:
    column = pa.array(CAPTIONS)
    cut = [column.slice(place, -(-len(column) // blocks)) for place in range(0, len(column), -(-len(column) // blocks))]
    counts: Counter[str] = Counter()
    for text in ["the red cat sat", "a red cat", "the dog red cat", "cat red 7", "red cat", "a cat's dog"]:
        counts.update(set(text.split()))
    wanted = sorted((word for word in counts if counts[word] >= 2), key=lambda word: (-counts[word], word))
    assert corpus_words(cut, minimum_count=2, maximum_share=1.0, limit=99) == wanted
    assert corpus_words(cut, minimum_count=2, maximum_share=0.5, limit=2) == ["a", "dog"]

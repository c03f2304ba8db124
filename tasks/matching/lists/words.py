"""The words of a corpus that many of its captions use, and not nearly all."""

from collections.abc import Iterable

import polars as pl
import pyarrow as pa

from tasks.matching.lists.bigrams import word_runs


def corpus_words(captions: Iterable[pa.Array], *, minimum_count: int, maximum_share: float, limit: int) -> list[str]:
    """The words that occur in at least `minimum_count` captions and in at most `maximum_share` of them.

    Words are those of `bigrams.corpus_bigrams`, in lower case; the most frequent first, ties by text. Memory grows
    with the distinct words.
    """
    counts, rows = pl.DataFrame(schema={"word": pl.String, "count": pl.Int64}), 0
    for block in captions:
        tokens = word_runs(block).select("row", pl.col("word").str.to_lowercase()).unique()
        found = tokens.group_by("word").len(name="count").with_columns(pl.col("count").cast(pl.Int64))
        counts = pl.concat([counts, found]).group_by("word").agg(pl.col("count").sum())
        rows += len(block)
    kept = counts.filter((pl.col("count") >= minimum_count) & (pl.col("count") <= maximum_share * rows))
    words: list[str] = kept.sort(["count", "word"], descending=[True, False]).head(limit)["word"].to_list()
    return words

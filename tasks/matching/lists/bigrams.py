"""Word pairs that belong together, found in a corpus by pointwise mutual information."""

from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl
import pyarrow as pa

from tasks.arrays import Floats, Int64s
from tasks.matching.arrow import as_texts
from tasks.matching.spacing.text import BLANKS, PUNCTUATION

_PURE_MARKS = r"^[\p{P}\p{S}]*$"


@dataclass(frozen=True)
class Bigrams:
    """Pairs in descending order of PMI (ties by text); `count` int64 `[n]`, `pmi` float64 `[n]` in bits."""

    texts: tuple[str, ...]
    count: Int64s
    pmi: Floats


def corpus_bigrams(captions: Iterable[pa.Array], *, minimum_count: int, minimum_pmi: float, limit: int) -> Bigrams:
    """The pairs of neighbouring words with `PMI = log2(c(a, b) · N / (c(a) · c(b)))` of at least `minimum_pmi`.

    `c` are counts over the whole corpus and `N` is the number of words. Words are the tokens of MetaCLIP's spacing;
    empty tokens and pure punctuation are no words, and a pair does not reach across punctuation (Church & Hanks
    1990; MetaCLIP takes pairs from Wikipedia in this way). Memory grows with the distinct pairs.
    """
    words = _empty("word")
    pairs = _empty("pair")
    for block in captions:
        tokens = word_runs(block)
        following = tokens.select(
            pair=pl.when(pl.col("run") == pl.col("run").shift(-1)).then(
                pl.concat_str(pl.col("word"), pl.lit(" "), pl.col("word").shift(-1))
            )
        ).drop_nulls()
        words = _added(words, tokens.select("word"))
        pairs = _added(pairs, following)
    total = int(words["count"].sum())
    frequent = pairs.filter(pl.col("count") >= minimum_count).with_columns(
        pl.col("pair").str.split_exact(" ", 1).struct.rename_fields(["first", "second"]).alias("parts")
    )
    frequent = frequent.unnest("parts")
    for side in ("first", "second"):
        frequent = frequent.join(words.rename({"word": side, "count": f"{side}_count"}), on=side, how="left")
    scored = frequent.with_columns(
        pmi=(
            pl.col("count").cast(pl.Float64) * total / pl.col("first_count").cast(pl.Float64) / pl.col("second_count")
        ).log(2.0)
    )
    best = scored.filter(pl.col("pmi") >= minimum_pmi).sort(["pmi", "pair"], descending=[True, False]).head(limit)
    return Bigrams(tuple(best["pair"].to_list()), best["count"].to_numpy(), best["pmi"].to_numpy())


def _empty(name: str) -> pl.DataFrame:
    return pl.DataFrame(schema={name: pl.String, "count": pl.Int64})


def _added(counts: pl.DataFrame, tokens: pl.DataFrame) -> pl.DataFrame:
    name = tokens.columns[0]
    fresh = tokens.group_by(name).len(name="count").with_columns(pl.col("count").cast(pl.Int64))
    return pl.concat([counts, fresh]).group_by(name).agg(pl.col("count").sum())


def word_runs(captions: pa.Array) -> pl.DataFrame:
    """The words of captions, each with its caption's place and the number of the unbroken run it stands in."""
    column = as_texts(captions, "captions").cast(pa.large_string())
    spaced = (
        pl.Series("caption", column)
        .str.replace_all(f"[{BLANKS}]", " ")
        .str.replace_all(f"([{PUNCTUATION}])", " ${1} ")
        .str.split(" ")
    )
    tokens = pl.DataFrame({"row": pl.int_range(len(spaced), eager=True), "word": spaced}).explode("word")
    tokens = tokens.filter(pl.col("word") != "")
    mark = pl.col("word").str.contains(_PURE_MARKS)
    breaks = mark | (pl.col("row") != pl.col("row").shift(1)).fill_null(True)
    return tokens.with_columns(run=breaks.cum_sum()).filter(~mark).select("row", "word", "run")

"""Two other ways from captions to a curated selection, Parquet to Parquet, each a program of its own.

    python -m benchmarks.scale_parts.peers plain CAPTIONS KEYWORDS OUTPUT --t 20 --workers 2
    python -m benchmarks.scale_parts.peers polars CAPTIONS KEYWORDS OUTPUT --t 20

plain: MetaCLIP's way, written from its published description: an Aho–Corasick automaton (pyahocorasick) over keywords
between spaces is run over every spaced caption; a caption is kept with probability 1 − Π_j (1 − min(1, t / count_j)).
Row groups are shared out among processes; nothing is shuffled.
polars: the captions are split into words, words and pairs of words are joined with the keyword list, and counts, rule
and shuffle are expressions on frames.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.inputs.spaced import spaced
from tasks.arrays import Floats, Integers

if TYPE_CHECKING:
    import ahocorasick
    import polars as pl

SEED = 0


def make_automaton(keywords: Sequence[str]) -> ahocorasick.Automaton:
    """The automaton of all keywords, each between spaces."""
    import ahocorasick

    automaton = ahocorasick.Automaton()
    for number, keyword in enumerate(keywords):
        automaton.add_word(f" {keyword} ", number)
    automaton.make_automaton()
    return automaton


def match_plainly(automaton: ahocorasick.Automaton, captions: Iterable[str]) -> tuple[Integers, Integers]:
    """Offsets `[n + 1]` and the keywords of every caption, in no order."""
    ends, found = [0], []
    for caption in captions:
        found.extend({number for _, number in automaton.iter(spaced(caption))})
        ends.append(len(found))
    return np.array(ends), np.array(found, dtype=np.int64)


def keep_probability(offsets: Integers, keywords: Integers, counts: Integers, t: float) -> Floats:
    """`1 − Π_j (1 − min(1, t / count_j))` for every caption `[n]`; counts `[m]`."""
    with np.errstate(divide="ignore"):
        missed = np.log1p(-np.minimum(1.0, t / np.maximum(counts, 1)))
    summed = np.zeros(len(offsets) - 1)
    some = np.diff(offsets) > 0
    summed[some] = np.add.reduceat(missed[keywords], offsets[:-1][some]) if some.any() else 0.0
    return -np.expm1(summed)


class PlainCuration:
    """MetaCLIP's way over the row groups of Parquet files; forked processes share the automaton."""

    def __init__(self, captions: Path, keywords: Sequence[str], output: Path, t: float) -> None:
        self.automaton = make_automaton(keywords)
        self.columns, self.output, self.t = len(keywords), output, t
        files = sorted(captions.glob("*.parquet"))
        self.parts = [(file, group) for file in files for group in range(pq.ParquetFile(file).num_row_groups)]

    def captions(self, part: int) -> pa.ChunkedArray:
        file, group = self.parts[part]
        return pq.ParquetFile(file).read_row_group(group, ["caption"]).column("caption")

    def match(self, part: int) -> tuple[Integers, Integers]:
        offsets, found = match_plainly(self.automaton, self.captions(part).to_pylist())
        return offsets, found.astype(np.int32)

    def keep(self, task: tuple[int, Integers, Integers, Integers]) -> int:
        part, offsets, found, counts = task
        probability = keep_probability(offsets, found, counts, self.t)
        kept = np.random.default_rng([SEED, part]).random(len(probability)) < probability
        table = pa.table({"caption": self.captions(part).filter(pa.array(kept))})
        pq.write_table(table, self.output / f"kept-{part:05d}.parquet", compression="zstd")
        return len(table)

    def run(self, workers: int) -> int:
        """Rows kept."""
        global _shared
        _shared = self
        with multiprocessing.get_context("fork").Pool(workers) as pool:
            matched = pool.map(_match, range(len(self.parts)), chunksize=1)
            counts = sum((np.bincount(found, minlength=self.columns) for _, found in matched), np.zeros(1, np.int64))
            tasks = ((part, *pair, counts) for part, pair in enumerate(matched))
            return sum(pool.imap(_keep, tasks, chunksize=1))


_shared: PlainCuration


def _match(part: int) -> tuple[Integers, Integers]:
    return _shared.match(part)


def _keep(task: tuple[int, Integers, Integers, Integers]) -> int:
    return _shared.keep(task)


def match_in_frames(captions: pl.Series, keywords: Sequence[str]) -> pl.DataFrame:
    """Columns `row` and `keyword`, each pair once; keywords have one word or two."""
    import polars as pl

    wanted = pl.LazyFrame({"text": keywords}).with_row_index("keyword")
    text = pl.concat_str(pl.lit(" "), pl.col("caption"), pl.lit(" "))
    text = text.str.replace_all(r"([,.;:?!`])", " $1 ").str.replace_all(r"[\t\n\r]", " ")
    words = pl.LazyFrame({"caption": captions}).with_row_index("row")
    words = words.select("row", text.str.split(" ").alias("text")).explode("text")
    same = pl.col("row") == pl.col("row").shift(-1)
    pairs = words.select(
        "row", pl.when(same).then(pl.concat_str("text", pl.lit(" "), pl.col("text").shift(-1))).alias("text")
    ).drop_nulls()
    hits = [each.join(wanted, on="text").select("row", "keyword") for each in (words, pairs)]
    return pl.concat(hits).unique().collect()


def keep_in_frames(hits: pl.DataFrame, t: float) -> pl.DataFrame:
    """Columns `row` and `probability`, of the rows that match."""
    import polars as pl

    counts = pl.len().over("keyword")
    missed = hits.with_columns((1 - (t / counts).clip(upper_bound=1)).log().alias("missed"))
    return missed.group_by("row").agg((1 - pl.col("missed").sum().exp()).alias("probability"))


def curate_in_frames(captions: Path, keywords: Sequence[str], output: Path, t: float) -> int:
    """Rows kept."""
    import polars as pl

    table = pl.read_parquet(captions / "*.parquet")
    likely = keep_in_frames(match_in_frames(table["caption"], keywords), t)
    draws = pl.Series(np.random.default_rng(SEED).random(len(likely)))
    kept = table[likely.filter(draws < likely["probability"])["row"]].sample(fraction=1, shuffle=True, seed=SEED)
    kept.write_parquet(output / "kept.parquet", compression="zstd")
    return len(kept)


def main() -> None:
    """Run one peer; print the rows kept."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("peer", choices=("plain", "polars"))
    parser.add_argument("captions", type=Path, help="folder of Parquet files with a column `caption`")
    parser.add_argument("keywords", type=Path, help="text file, one a line")
    parser.add_argument("output", type=Path, help="folder to write to")
    parser.add_argument("--t", type=float, required=True)
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    options = parser.parse_args()
    os.environ.setdefault("POLARS_MAX_THREADS", str(options.workers))  # read where polars is first imported
    keywords = options.keywords.read_text(encoding="utf-8").splitlines()
    options.output.mkdir(parents=True, exist_ok=True)
    if options.peer == "plain":
        kept = PlainCuration(options.captions, keywords, options.output, options.t).run(options.workers)
    else:
        kept = curate_in_frames(options.captions, keywords, options.output, options.t)
    print(kept)


if __name__ == "__main__":
    main()

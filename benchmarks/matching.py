"""How fast is the keyword matcher, against its peers and against the stage around it?

    python -m benchmarks.matching                 # everything, some minutes
    python -m benchmarks.matching --entries 50000 --stage-rows 100000 --rounds 3
    python -m benchmarks.matching --text real     # recombined real titles alone (made-up ones: synthetic)

Two kinds of text. The made-up list and captions (`inputs/invented.py`) are large and hard on caches. The real ones are
titles recombined so that all differ (`inputs/recombined.py`), with the frequencies that words have, and their 40,000
most frequent words and pairs of words as the list; keywords are counted in other captions than those that are matched.

Peers are called as MetaCLIP calls pyahocorasick: space the caption, collect the entries of all overlapping hits in a
set. All sets are compared before anything is timed. Every round runs the competitors one after the other, ratios are
taken within a round, and medians are printed; single-thread figures are CPU seconds, so that a busy machine matters
less. Without ahocorasick_rs, which is no package of the project's own, that peer is left out.
"""

import argparse
import importlib.util
import os
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import ahocorasick
import polars as pl
import pyarrow as pa

from benchmarks.inputs import recombined
from benchmarks.inputs.invented import Web, make_captions, make_web
from benchmarks.inputs.spaced import spaced
from benchmarks.matching_parts.stage import made_up_captions, time_stage
from tasks.matching.matcher import KeywordMatcher

LENGTHS = (22, 280)
REAL_KEYWORDS = 40_000


@dataclass(frozen=True)
class Corpus:
    """Captions of one kind, and how many of them each way of matching is given.

    Attributes:
        name: what the captions are.
        entries: the keywords.
        captions: makes so many captions.
        count: captions a round for this matcher.
        many: captions to match by one thread and by two.
    """

    name: str
    entries: Sequence[str]
    captions: Callable[[int], list[str]]
    count: int
    many: int


@dataclass(frozen=True)
class Peer:
    """Another matcher: which part of the captions a round gives it, and the sets it finds."""

    name: str
    share: float
    find: Callable[[Sequence[str]], list[list[int]]]
    build_seconds: float


def pyahocorasick(entries: Sequence[str]) -> Peer:
    started = time.process_time()
    automaton = ahocorasick.Automaton()
    for number, entry in enumerate(entries):
        automaton.add_word(f" {entry} ", (number, f" {entry} "))
    automaton.make_automaton()
    built = time.process_time() - started

    def find(captions: Sequence[str]) -> list[list[int]]:
        found = []
        for caption in captions:
            numbers = set()
            for _, (number, _) in automaton.iter(spaced(caption)):
                numbers.add(number)
            found.append(list(numbers))
        return found

    return Peer("pyahocorasick", 0.2, find, built)


def ahocorasick_in_rust(entries: Sequence[str]) -> Peer:
    import ahocorasick_rs

    started = time.process_time()
    automaton = ahocorasick_rs.AhoCorasick([f" {entry} " for entry in entries], store_patterns=False)
    built = time.process_time() - started

    def find(captions: Sequence[str]) -> list[list[int]]:
        hits = (automaton.find_matches_as_indexes(spaced(caption), overlapping=True) for caption in captions)
        return [list({number for number, _, _ in each}) for each in hits]

    return Peer("ahocorasick_rs", 0.2, find, built)


def polars_extract_many(entries: Sequence[str]) -> Peer:
    patterns = pl.lit(pl.Series([f" {entry} " for entry in entries])).implode()
    numbers = {f" {entry} ": number for number, entry in enumerate(entries)}

    def find(captions: Sequence[str]) -> list[list[int]]:
        column = pl.Series([spaced(caption) for caption in captions])
        hits = column.to_frame("text").select(pl.col("text").str.extract_many(patterns, overlapping=True))
        return [list({numbers[hit] for hit in each}) for each in hits["text"].to_list()]

    return Peer("polars extract_many", 1.0, find, 0.0)


def cpu_seconds(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


def wall_seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def wall_seconds_of_two_processes(work: Callable[[], object]) -> float:
    """The same work in two forked processes at once: what the machine gives to two cores that share no lock."""
    started = time.perf_counter()
    children = []
    for _ in range(2):
        child = os.fork()
        if child == 0:
            work()
            os._exit(0)
        children.append(child)
    for child in children:
        os.waitpid(child, 0)
    return time.perf_counter() - started


def against_peers(matcher: KeywordMatcher, corpora: Sequence[Corpus], rounds: int) -> None:
    """The rate of every peer on every corpus; `matcher` and the corpora have the same keywords."""
    entries = corpora[0].entries
    peers = [pyahocorasick(entries), polars_extract_many(entries)]
    if importlib.util.find_spec("ahocorasick_rs"):
        peers.insert(1, ahocorasick_in_rust(entries))
    print(f"\n{'captions':22} {'hits':>5} {'matcher':22} {'per CPU second':>15} {'ratio':>7} {'build s':>8}")
    for corpus in corpora:
        captions = corpus.captions(corpus.count)
        column = pa.array(captions, pa.large_string())
        hits = len(matcher.match(column).values) / len(captions)
        for peer in peers:
            sample = captions[:2_000]
            assert [sorted(each) for each in peer.find(sample)] == matcher.match(sample).to_pylist(), peer.name
        own: list[float] = []
        rates: dict[str, list[float]] = {peer.name: [] for peer in peers}
        ratios: dict[str, list[float]] = {peer.name: [] for peer in peers}
        for _ in range(rounds):
            for peer in peers:
                part = captions[: round(peer.share * len(captions))]
                own.append(len(captions) / cpu_seconds(partial(matcher.match, column, threads=1)))
                rates[peer.name].append(len(part) / cpu_seconds(partial(peer.find, part)))
                ratios[peer.name].append(own[-1] / rates[peer.name][-1])
        print(f"{corpus.name:22} {hits:>5.1f} {'KeywordMatcher':22} {statistics.median(own):>15,.0f}")
        for peer in peers:
            rate, ratio = statistics.median(rates[peer.name]), statistics.median(ratios[peer.name])
            print(f"{corpus.name:22} {'':>5} {peer.name:22} {rate:>15,.0f} {ratio:>6.1f}x {peer.build_seconds:>8.1f}")


def against_itself(matcher: KeywordMatcher, corpora: Sequence[Corpus], rounds: int) -> None:
    """One thread against two."""
    print(f"\n{'captions':22} {'threads':>8} {'per second':>12} {'speed-up':>9}")
    for corpus in corpora:
        column = pa.array(corpus.captions(corpus.many), pa.large_string())
        one, two, apart = [], [], []
        for _ in range(rounds):
            one.append(wall_seconds(partial(matcher.match, column, threads=1)))
            two.append(wall_seconds(partial(matcher.match, column, threads=2)))
            apart.append(wall_seconds_of_two_processes(partial(matcher.match, column, threads=1)))
        print(f"{corpus.name:22} {1:>8} {len(column) / statistics.median(one):>12,.0f}")
        speed_up = statistics.median(first / second for first, second in zip(one, two))
        most = statistics.median(2 * first / both for first, both in zip(one, apart))
        print(f"{corpus.name:22} {2:>8} {len(column) / statistics.median(two):>12,.0f} {speed_up:>8.2f}x", end="")
        print(f"   (two processes with nothing in common: {most:.2f}x)")


def synthetic(web: Web) -> list[Corpus]:
    """Short and long made-up captions."""
    return [
        Corpus(
            f"synthetic, {characters} long",
            web.entries,
            lambda count, characters=characters: list(make_captions(web, count, characters)),
            count=100_000 if place == 0 else 20_000,
            many=1_000_000 if place == 0 else 100_000,
        )
        for place, characters in enumerate(LENGTHS)
    ]


def real(data: Path) -> Corpus:
    """Recombined titles from the folder `data`."""
    pieces = recombined.read_pieces(data)
    behind = pieces.captions - 200_000
    keywords = recombined.make_keywords(
        recombined.make_captions(pieces, behind, pieces.captions).to_pylist(), REAL_KEYWORDS
    )

    def captions(count: int) -> list[str]:
        return list(recombined.make_captions(pieces, 0, count).to_pylist())

    return Corpus("real titles recombined", keywords, captions, count=100_000, many=1_000_000)


def report(corpora: Sequence[Corpus], only: str | None, rounds: int) -> None:
    """The matcher's build, its peers and its threads on corpora of one list."""
    entries = corpora[0].entries
    build = [cpu_seconds(lambda: KeywordMatcher(entries)) for _ in range(3)]
    matcher = KeywordMatcher(entries)
    print(f"\n{len(entries):,} keywords: build {statistics.median(build):.2f} CPU s, ", end="")
    print(f"index {matcher.index_bytes / 1e6:.1f} MB")
    if only in (None, "peers"):
        against_peers(matcher, corpora, rounds)
    if only in (None, "threads"):
        against_itself(matcher, corpora, rounds)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--entries", type=int, default=500_000)
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--stage-rows", type=int, default=1_000_000)
    arguments.add_argument("--only", choices=("peers", "threads", "stage"))
    arguments.add_argument("--text", choices=("synthetic", "real"))
    arguments.add_argument("--data", type=Path, default=Path(os.environ.get("EQUIPOISE_DATA", "../shared/data")))
    options = arguments.parse_args()

    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; seed 0")
    KeywordMatcher(["warm"]).match(["up"])
    if options.text in (None, "real"):
        titles = real(options.data)
        report([titles], options.only, options.rounds)
        if options.only in (None, "stage"):
            time_stage(titles.name, titles.entries, titles.captions(options.stage_rows), options.rounds)
    if options.text in (None, "synthetic"):
        web = make_web(options.entries)
        report(synthetic(web), options.only, options.rounds)
        if options.only in (None, "stage"):
            time_stage("synthetic captions", web.entries, made_up_captions(web, options.stage_rows), options.rounds)


if __name__ == "__main__":
    main()

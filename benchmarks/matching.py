"""How fast is the keyword matcher, against its peers and against the stage around it?

    python -m benchmarks.matching                 # everything, some minutes
    python -m benchmarks.matching --entries 50000 --stage-rows 100000 --rounds 3

Peers are called as MetaCLIP calls pyahocorasick: space the caption, collect the entries of all overlapping hits in a
set. All sets are compared before anything is timed. Every round runs the competitors one after the other, ratios are
taken within a round, and medians are printed; single-thread figures are CPU seconds, so that a busy machine matters
less. Needs ahocorasick_rs besides the project's own packages.
"""

import argparse
import os
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import ahocorasick
import polars as pl
import pyarrow as pa

from benchmarks.matching_data import Web, make_captions, make_web
from benchmarks.matching_stage import time_stage
from benchmarks.spaced import spaced
from tasks.matching.matcher import KeywordMatcher

LENGTHS = (22, 280)


@dataclass(frozen=True)
class Peer:
    """Another matcher: how many captions a round gives it (of each length), and the sets it finds."""

    name: str
    captions: tuple[int, int]
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

    return Peer("pyahocorasick", (20_000, 4_000), find, built)


def ahocorasick_in_rust(entries: Sequence[str]) -> Peer:
    import ahocorasick_rs

    started = time.process_time()
    automaton = ahocorasick_rs.AhoCorasick([f" {entry} " for entry in entries], store_patterns=False)
    built = time.process_time() - started

    def find(captions: Sequence[str]) -> list[list[int]]:
        hits = (automaton.find_matches_as_indexes(spaced(caption), overlapping=True) for caption in captions)
        return [list({number for number, _, _ in each}) for each in hits]

    return Peer("ahocorasick_rs", (20_000, 4_000), find, built)


def polars_extract_many(entries: Sequence[str]) -> Peer:
    patterns = pl.lit(pl.Series([f" {entry} " for entry in entries])).implode()
    numbers = {f" {entry} ": number for number, entry in enumerate(entries)}

    def find(captions: Sequence[str]) -> list[list[int]]:
        column = pl.Series([spaced(caption) for caption in captions])
        hits = column.to_frame("text").select(pl.col("text").str.extract_many(patterns, overlapping=True))
        return [list({numbers[hit] for hit in each}) for each in hits["text"].to_list()]

    return Peer("polars extract_many", (100_000, 10_000), find, 0.0)


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


def against_peers(matcher: KeywordMatcher, entries: Sequence[str], web: Web, rounds: int) -> None:
    peers = [pyahocorasick(entries), ahocorasick_in_rust(entries), polars_extract_many(entries)]
    print(f"\n{'captions':>9} {'matcher':22} {'per CPU second':>15} {'ratio':>7} {'build s':>8}")
    for place, characters in enumerate(LENGTHS):
        captions = list(make_captions(web, 100_000 if place == 0 else 20_000, characters))
        column = pa.array(captions, pa.large_string())
        for peer in peers:
            sample = captions[:2_000]
            assert [sorted(each) for each in peer.find(sample)] == matcher.match(sample).to_pylist(), peer.name
        own: list[float] = []
        rates: dict[str, list[float]] = {peer.name: [] for peer in peers}
        ratios: dict[str, list[float]] = {peer.name: [] for peer in peers}
        for _ in range(rounds):
            for peer in peers:
                part = captions[: peer.captions[place]]
                own.append(len(captions) / cpu_seconds(partial(matcher.match, column, threads=1)))
                rates[peer.name].append(len(part) / cpu_seconds(partial(peer.find, part)))
                ratios[peer.name].append(own[-1] / rates[peer.name][-1])
        print(f"{characters:>9} {'KeywordMatcher':22} {statistics.median(own):>15,.0f} {'':>7}")
        for peer in peers:
            rate, ratio = statistics.median(rates[peer.name]), statistics.median(ratios[peer.name])
            print(f"{characters:>9} {peer.name:22} {rate:>15,.0f} {ratio:>6.1f}x {peer.build_seconds:>8.1f}")


def against_itself(matcher: KeywordMatcher, web: Web, rounds: int) -> None:
    print(f"\n{'captions':>9} {'threads':>8} {'per second':>12} {'speed-up':>9}")
    for characters, count in zip(LENGTHS, (1_000_000, 100_000)):
        column = pa.array(make_captions(web, count, characters), pa.large_string())
        one, two, apart = [], [], []
        for _ in range(rounds):
            one.append(wall_seconds(partial(matcher.match, column, threads=1)))
            two.append(wall_seconds(partial(matcher.match, column, threads=2)))
            apart.append(wall_seconds_of_two_processes(partial(matcher.match, column, threads=1)))
        print(f"{characters:>9} {1:>8} {count / statistics.median(one):>12,.0f}")
        speed_up = statistics.median(first / second for first, second in zip(one, two))
        most = statistics.median(2 * first / both for first, both in zip(one, apart))
        print(f"{characters:>9} {2:>8} {count / statistics.median(two):>12,.0f} {speed_up:>8.2f}x", end="")
        print(f"   (two processes with nothing in common: {most:.2f}x)")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--entries", type=int, default=500_000)
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--stage-rows", type=int, default=1_000_000)
    arguments.add_argument("--only", choices=("peers", "threads", "stage"))
    options = arguments.parse_args()

    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; seed 0; {options.entries:,} entries")
    KeywordMatcher(["warm"]).match(["up"])
    web = make_web(options.entries)
    build = [cpu_seconds(lambda: KeywordMatcher(web.entries)) for _ in range(3)]
    matcher = KeywordMatcher(web.entries)
    print(f"build {statistics.median(build):.2f} CPU s, index {matcher.index_bytes / 1e6:.1f} MB")
    if options.only in (None, "peers"):
        against_peers(matcher, web.entries, web, options.rounds)
    if options.only in (None, "threads"):
        against_itself(matcher, web, options.rounds)
    if options.only in (None, "stage"):
        time_stage(web, options.stage_rows, options.rounds)


if __name__ == "__main__":
    main()

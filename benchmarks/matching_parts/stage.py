"""The whole matching stage, Parquet to Parquet, against the matcher alone on the same captions in memory."""

import argparse
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa

from benchmarks.inputs.invented import Web, make_captions
from storage.caching.stage import stage
from storage.record.external import external
from storage.record.manifest import Manifest
from storage.store.workspace import Runtime, Workspace
from storage.tables.ids import row_ids
from storage.tables.schemas import PAIRS
from storage.tables.shards import ShardWriter, read_table
from tasks.matching.config import MatchingConfig, MetadataConfig, TextEntries
from tasks.matching.matcher_cache import shared_matcher
from tasks.matching.matches import write_matches
from tasks.matching.task import match, metadata

MIXTURE = ((22, 0.5), (70, 0.35), (280, 0.15))
"""Lengths of real-looking captions and their shares."""


@stage("benchmark pairs", version=1, modules=("storage.draws",))
def pairs(rows: int, *, work: Workspace) -> dict[str, int]:
    """The captions of `captions.txt` in the store as pairs without images."""
    with ShardWriter(work.output, "pairs", PAIRS) as writer, open(work.runtime.store / "captions.txt") as lines:
        captions = [line.rstrip("\n") for line in lines][:rows]
        for start in range(0, rows, 10_000):
            part = captions[start : start + 10_000]
            keys = [f"{start + row:09d}" for row in range(len(part))]
            columns = [
                pa.array(row_ids("benchmark", keys), pa.uint64()),
                pa.array(keys, pa.string()),
                pa.array(part, pa.large_string()),
                pa.nulls(len(part), PAIRS.field("image").type),
                pa.nulls(len(part), pa.int32()),
                pa.array(["benchmark"] * len(part), pa.string()),
            ]
            writer.write(pa.table(columns, schema=PAIRS))
    return {"rows": rows}


def made_up_captions(web: Web, rows: int) -> list[str]:
    """Captions of the lengths of `MIXTURE`, shuffled."""
    captions = [
        caption for characters, share in MIXTURE for caption in make_captions(web, round(rows * share), characters)
    ]
    random.Random(0).shuffle(captions)
    return captions


def time_stage(name: str, entries: Sequence[str], captions: Sequence[str], rounds: int) -> None:
    """Write the corpus, then measure in a process of its own, whose peak memory is the stage's."""
    print(f"\nthe stage on {name}")
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder)
        (store / "entries.txt").write_text("\n".join(entries), encoding="utf-8")
        (store / "captions.txt").write_text("\n".join(captions), encoding="utf-8")
        prepare(store, len(captions))
        for corpus in ("quarter", "corpus"):
            program = [sys.executable, "-m", "benchmarks.matching_parts.stage", folder, corpus]
            subprocess.run([*program, str(rounds if corpus == "corpus" else 0)], check=True)


def prepare(store: Path, rows: int) -> None:
    """The metadata list, the pairs and a quarter of them, in the store; their manifests beside it."""
    runtime = Runtime(store=store)
    config = MetadataConfig(sources=(TextEntries(),))
    made = {
        "entries": metadata.run(config, external(store / "entries.txt", store), runtime=runtime),
        "corpus": pairs.run(rows, runtime=runtime),
        "quarter": pairs.run(rows // 4, runtime=runtime),
    }
    for name, manifest in made.items():
        (store / f"{name}.json").write_text(manifest.model_dump_json(), encoding="utf-8")


def measure(store: Path, name: str, rounds: int) -> None:
    """Peak memory; and a table, for one worker and for two: rate of the stage, rate of the matcher, their ratio.

    The last column is the share of a stage that only reads the captions, matches, and writes the matches.
    """
    corpus = Manifest.model_validate_json((store / f"{name}.json").read_text(encoding="utf-8"))
    entries = Manifest.model_validate_json((store / "entries.json").read_text(encoding="utf-8"))
    rows = corpus.rows
    imported = peak_megabytes()
    matcher = shared_matcher(store / entries.stage / entries.key, entries.digest)
    built = peak_megabytes()
    run_stage(entries, corpus, Runtime(store=store, workers=2), seed=1_000)
    print(
        f"peak memory: {imported:.0f} MB after the imports, {built:.0f} MB after the index, "
        f"{peak_megabytes():.0f} MB after the stage with two workers ({rows:,} captions)"
    )
    if not rounds:
        return
    shards = sorted((store / corpus.stage / corpus.key).glob("pairs-*.parquet"))
    captions = read_table(shards, ["caption"])["caption"].combine_chunks()
    matches = [matcher.match(read_table(path, ["caption"])["caption"]) for path in shards]
    print(f"{'workers':>8} {'stage/s':>12} {'matcher/s':>12} {'share':>7} {'share of CPU':>13} {'at most':>8}")
    for workers in (1, 2):
        runtime = Runtime(store=store, workers=workers)
        whole, alone, files = [], [], []
        for number in range(rounds):
            whole.append(timed(partial(run_stage, entries, corpus, runtime, seed=workers * 100 + number)))
            alone.append(timed(partial(matcher.match, captions, threads=workers)))
            files.append(timed(partial(read_and_write, store, shards, matches)))
        rates = [rows / statistics.median(wall for wall, _ in times) for times in (whole, alone)]
        wall, cpu = (statistics.median(a[k] / w[k] for a, w in zip(alone, whole)) for k in (0, 1))
        most = statistics.median(a[1] / (a[1] + f[1]) for a, f in zip(alone, files))
        print(f"{workers:>8} {rates[0]:>12,.0f} {rates[1]:>12,.0f} {wall:>7.0%} {cpu:>13.0%} {most:>8.0%}")


def read_and_write(store: Path, shards: Sequence[Path], matches: Sequence[pa.LargeListArray]) -> None:
    """The stage's files, and nothing of its work."""
    for path, found in zip(shards, matches):
        table = read_table(path, ["id", "caption"], threads=False)
        write_matches(store / "written.parquet", table["id"], found, np.ones(len(found), dtype=bool))


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Wall and CPU seconds."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu


def peak_megabytes() -> float:
    """The largest resident memory of this process so far. (`ru_maxrss` would count the parent's, from before exec.)"""
    status = Path("/proc/self/status")
    if status.is_file():
        peak = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(peak.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def run_stage(entries: Manifest, corpus: Manifest, runtime: Runtime, *, seed: int) -> None:
    """One run. The seed changes the key, so that it runs, and nothing else: all texts are counted."""
    match.run(MatchingConfig(seed=seed), entries, corpus, runtime=runtime)


if __name__ == "__main__":
    arguments = argparse.ArgumentParser()
    arguments.add_argument("store", type=Path)
    arguments.add_argument("corpus", choices=("corpus", "quarter"))
    arguments.add_argument("rounds", type=int)
    options = arguments.parse_args()
    measure(options.store, options.corpus, options.rounds)

"""Training from curated shards that are read as they are needed, against the same pictures decoded in memory.

    python -m benchmarks.training_stream                    # 1,000,000 pictures of 32 pixels
    python -m benchmarks.training_stream --rows 200000 --only streamed

Claim: resident memory is bounded by the buffer, whatever the number of rows (a row takes 20 bytes of index).

Aim: a model trains on at least 90 % of the examples a second of the in-memory form. A streamed example costs the
processor its decoding and tokenising at every use, which the in-memory form pays once, before its first batch; and the
whole token table is trained, as the tokens in use are not known. Where the steps have a device, or a core, to
themselves, threads beside them pay that; where steps and threads share all the cores, as a tiny model's on two busy
ones, the processor seconds that are printed say what is lost.

Pictures are CIFAR-10's, as often as it takes, with captions and ids of their own. Each form has a process of its own,
and rounds are interleaved. Seconds are the wall's, as the streamed form works beside the steps; processor seconds, of
all threads, are beside them. Memory is what a process holds at most, less what it held before it read the pairs.
"""

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from itertools import islice
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import torch

from benchmarks.timing.clock import machine
from storage.draws import hash_order
from storage.tables.ids import row_ids
from storage.tables.schemas import PAIRS
from storage.tables.shards import ROWS_PER_SHARD, write_table
from tasks.embedding.models.clip import Architecture, build_clip
from tasks.training.config import ScheduleConfig, TrainingConfig
from tasks.training.data.images import Preparation
from tasks.training.data.pairs import read_pairs
from tasks.training.data.selection import Drawing
from tasks.training.recipes.clip import train_clip

FORMS = {"in memory": 1 << 60, "streamed": 0}
WORDS = ("red", "green", "blue", "white", "grey", "large", "small")


def write_curated(folder: Path, data: Path, rows: int) -> int:
    """Curated shards of so many rows, in hash order; returns the bytes of their pictures."""
    source = pq.read_table(data / "cifar10" / "train.parquet")
    images = source["image"].combine_chunks().field("bytes").to_pylist()
    classes = source["label"].to_pylist()
    written = 0
    for number, first in enumerate(range(0, rows, ROWS_PER_SHARD)):
        some = range(first, min(first + ROWS_PER_SHARD, rows))
        keys = [str(row) for row in some]
        picks = [row * 7_919 % len(images) for row in some]
        captions = [
            f"a {WORDS[row % 7]} picture of class {classes[pick]}, taken as number {row}"
            for row, pick in zip(some, picks, strict=True)
        ]
        structs = [{"bytes": images[pick], "path": None} for pick in picks]
        written += sum(len(images[pick]) for pick in picks)
        columns = [row_ids("stream", keys), keys, captions, structs, [0] * len(keys), ["stream"] * len(keys)]
        table = pa.Table.from_arrays(
            [pa.array(each, field.type) for each, field in zip(columns, PAIRS, strict=True)], schema=PAIRS
        )
        table = table.take(hash_order(table["id"].to_numpy(), seed=0, purpose="curate order"))
        table = table.append_column("multiplicity", pa.array([1] * len(keys), pa.uint16()))
        write_table(folder / f"curated-{number:05d}.parquet", table)
    return written


def resident() -> float:
    """Megabytes that this process held at most, since it is itself (`getrusage` begins with its parent's)."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def timed(call: Callable[[], object]) -> tuple[float, float]:
    """Wall seconds and processor seconds."""
    wall, processor = time.perf_counter(), time.process_time()
    call()
    return time.perf_counter() - wall, time.process_time() - processor


def serve(orders: Connection, folder: Path, limit: int, batch: int, workers: int) -> None:
    """One form, which measures what it is asked: a name and a number of steps."""
    torch.set_num_threads(1)
    clip = build_clip(Architecture(), seed=0)
    before = resident()
    paths = sorted(folder.glob("curated-*.parquet"))
    began = time.perf_counter()
    means = {"preparation": Preparation.of(clip.transform), "tokenizer": clip.tokenizer, "workers": workers}
    pairs = read_pairs(paths, Drawing(), **means, decoded_limit=limit)
    orders.send((time.perf_counter() - began, resident() - before))
    while (order := orders.recv()) is not None:
        what, steps = order
        config = TrainingConfig(steps=steps, batch=batch, schedule=ScheduleConfig(warmup=0))

        def data(steps: int = steps) -> None:
            for _ in islice(pairs.batches(batch=batch, seed=0, start=0, part=slice(None)), steps):
                pass

        def train(config: TrainingConfig = config) -> None:
            train_clip(clip, pairs, config, seed=0)

        orders.send((*timed({"data": data, "train": train}[what]), resident() - before))


def compare(
    folder: Path, *, steps: int, batch: int, rounds: int, workers: int, forms: Sequence[str] = tuple(FORMS)
) -> dict[str, float]:
    """Print what both forms take; returns, by what was measured, the last one's share of the first one's rate."""
    context, ends, processes = get_context("spawn"), {}, []
    for name in forms:
        ends[name], other = context.Pipe()
        processes.append(context.Process(target=serve, args=(other, folder, FORMS[name], batch, workers)))
        processes[-1].start()
        seconds, memory = ends[name].recv()
        print(f"{name:<10} {seconds:>8.1f} s to the first batch, {memory:>8,.0f} MB", flush=True)
    shares = {}
    for what, times in (("data", {"in memory": 200, "streamed": 4}), ("train", dict.fromkeys(FORMS, 1))):
        taken: dict[str, list[tuple[float, float]]] = {name: [] for name in forms}
        peak = dict.fromkeys(forms, 0.0)
        for number in range(rounds + 1):
            for name, end in ends.items():
                runs = []
                for count in (times[name] * (steps // 4), times[name] * (steps + steps // 4)):
                    end.send((what, count))
                    *both, peak[name] = end.recv()
                    runs.append(both)
                if number:
                    examples = batch * times[name] * steps
                    taken[name].append(tuple((late - early) / examples for early, late in zip(*runs, strict=True)))
        for name, values in taken.items():
            wall, processor = (statistics.median(each) for each in zip(*values, strict=True))
            print(
                f"{what:<6} {name:<10} {1 / wall:>9,.0f} examples/s, {1e6 * processor:>6,.0f} µs of processor each, "
                f"{peak[name]:>8,.0f} MB at most",
                flush=True,
            )
        first, last = taken[forms[0]], taken[forms[-1]]
        shares[what] = statistics.median(one[0] / other[0] for one, other in zip(first, last, strict=True))
        if len(forms) > 1:
            print(f"{what:<6} {forms[-1]} is {shares[what]:.2f} of the rate {forms[0]}", flush=True)
    for end in ends.values():
        end.send(None)
    for process in processes:
        process.join()
    return shares


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--steps", type=int, default=60, help="steps that are timed")
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workers", type=int, default=2, help="threads that decode")
    parser.add_argument("--only", choices=tuple(FORMS), help="one form alone, for its memory")
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("EQUIPOISE_DATA", "../shared/data")))
    options = parser.parse_args()
    torch.set_num_threads(1)
    print(machine("cpu"))
    with tempfile.TemporaryDirectory(prefix="equipoise-benchmark-") as name:
        written = write_curated(Path(name), options.data, options.rows)
        print(
            f"{options.rows:,} pictures, {written / 2**20:,.0f} MB encoded, {3 * options.rows / 1024:,.0f} MB decoded"
        )
        budget = {"steps": options.steps, "batch": options.batch, "rounds": options.rounds, "workers": options.workers}
        compare(Path(name), **budget, forms=(options.only,) if options.only else tuple(FORMS))


if __name__ == "__main__":
    main()

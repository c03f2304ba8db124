"""What it costs to have stage runs worked on elsewhere, and how long until the first of them has ended.

    python -m benchmarks.workers                                  # 32 and 2,000 groups
    python -m benchmarks.workers --groups 32 --peer-groups 32     # less

Groups: Parquet files of twenty captions, a source each, so that `ingest` has as many runs as there are groups and each
does next to nothing. The same graph on threads of one process (`threads`), on processes of this machine (`processes`),
on a Ray cluster of this machine that is up (`ray`), and as Prefect's own tasks on that cluster (`ray_task_runner`, for
up to `--peer-groups`, since it takes a good part of a second a run); two at a time in all of them. Each is walked by a
process of its own into a fresh store, interleaved, the median of the rounds. A first run, which compiles, is not
counted, and what it compiles is kept, whatever PYTHONDONTWRITEBYTECODE says here.

Seconds: until all runs have ended, from when the graph begins to be walked; what walks it is imported then, and the
server that `ray_task_runner` needs is up. First: until the first run is published, which holds the start of a worker
and all that it imports. A run: what each further one takes, in milliseconds, and how much that is over threads.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from flows.config.pipeline import PipelineConfig
from flows.engine.engine import Node
from flows.engine.here import LocalEngine
from flows.graph.ingest import ingest_graph
from flows.workers.workers import elsewhere
from storage.store.store import Store
from tasks.ingest.config import SourceConfig
from tasks.ingest.sources.huggingface.config import HuggingFaceParquetConfig

RUNNERS = ("threads", "processes", "ray", "ray_task_runner")
CAPTIONS = 20
PARALLEL = 2


def write_groups(folder: Path, count: int) -> None:
    """So many small files."""
    for group in range(count):
        captions = [f"a red circle, number {row} of {group}" for row in range(CAPTIONS)]
        pq.write_table(pa.table({"caption": captions}), folder / f"{group:05d}.parquet")


def sources_in(folder: Path) -> list[SourceConfig]:
    """Every file as a source of its own."""
    return [
        HuggingFaceParquetConfig(name=f"s{path.stem}", path=path, image_column=None)
        for path in sorted(folder.glob("*.parquet"))
    ]


def configured(runner: str, store: Path, source: SourceConfig) -> PipelineConfig:
    """An experiment, of which only the runner, the store and how many work at a time are used."""
    return PipelineConfig.model_validate(
        {
            "name": "workers", "store": str(store), "runner": runner, "parallel": PARALLEL,
            "sources": [source.model_dump()], "metadata": {"sources": [{"kind": "text"}]},
            "balancing": {"method": "rake", "target": {"kind": "capped", "t": 20}},
        }
    )  # fmt: skip


def walk_here(config: PipelineConfig, sources: list[SourceConfig]) -> list[Node]:
    """The graph, walked without Prefect."""
    with elsewhere(config) as there:
        engine = LocalEngine(config.runtime, parallel=config.parallel, elsewhere=there)
        ingest_graph(engine, sources, config.runtime.store)
        return engine.finish()


def walk_on_prefect(config: PipelineConfig, sources: list[SourceConfig]) -> Callable[[], list[Node]]:
    """A flow that walks the graph on the runner of the configuration."""
    from prefect import flow

    from flows.engine.prefect_engine import PrefectEngine
    from flows.pipeline import task_runner

    nodes: list[Node] = []

    @flow(name="workers", task_runner=task_runner(config))
    def workers() -> None:
        engine: Any = PrefectEngine(config.runtime, in_threads=False)
        ingest_graph(engine, sources, config.runtime.store)
        nodes.extend(engine.finish())

    def walk() -> list[Node]:
        workers()
        return nodes

    return walk


def measured(runner: str, sources: list[SourceConfig], store: Path) -> dict[str, float]:
    """Seconds until the first run was published, and until all had ended.

    Raises:
        RuntimeError: a run failed.
    """
    config = configured(runner, store, sources[0])
    if runner != "ray_task_runner":
        return timed(lambda: walk_here(config, sources), store)
    from prefect.testing.utilities import prefect_test_harness

    with prefect_test_harness(server_startup_timeout=120):
        return timed(walk_on_prefect(config, sources), store)


def timed(walk: Callable[[], list[Node]], store: Path) -> dict[str, float]:
    """How long a walk takes into a fresh store."""
    started, clock = time.time(), time.perf_counter()
    nodes = walk()
    seconds = time.perf_counter() - clock
    if others := [node for node in nodes if node.state != "ran"]:
        raise RuntimeError(f"{others[0].label} {others[0].state}: {others[0].error}")
    first = min(manifest.created.timestamp() for manifest in Store(store).manifests())
    return {"first": first - started, "seconds": seconds}


@contextmanager
def cluster() -> Iterator[dict[str, str]]:
    """A Ray cluster of this machine; what its users' environment names it by."""
    import ray

    ray.init(address="local", num_cpus=PARALLEL, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
    try:
        yield {"RAY_ADDRESS": ray.get_runtime_context().gcs_address}
    finally:
        ray.shutdown()


def in_its_own_process(runner: str, groups: Path, settings: Mapping[str, str]) -> dict[str, float]:
    """The measurement of one runner; `settings` of its environment.

    Raises:
        RuntimeError: it failed; what it said is in the message.
    """
    with tempfile.TemporaryDirectory() as store:
        command = [sys.executable, "-m", "benchmarks.workers", "--one", runner, str(groups), store]
        kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        quiet = {"PREFECT_LOGGING_LEVEL": "ERROR", "DO_NOT_TRACK": "1"}
        done = subprocess.run(command, env={**kept, **quiet, **settings}, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{runner} failed with {done.returncode}:\n{done.stderr[-4000:]}")
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def show(count: int, times: dict[str, list[dict[str, float]]]) -> None:
    """The table of one number of groups."""
    median = {
        name: {what: statistics.median(each[what] for each in rounds) for what in rounds[0]}
        for name, rounds in times.items()
    }
    each = {name: 1e3 * (found["seconds"] - found["first"]) / (count - 1) for name, found in median.items()}
    for name, found in median.items():
        over = "" if name == "threads" else f"{each[name] - each['threads']:>14.1f}"
        print(f"{count:>6,}  {name:<16}{found['seconds']:>9.1f}{found['first']:>9.1f}{each[name]:>11.1f}{over}")
    if "ray_task_runner" in times:
        ratio = statistics.median(
            ours["first"] / theirs["first"] for ours, theirs in zip(times["ray"], times["ray_task_runner"], strict=True)
        )
        print(f"{count:>6,}  the first run has ended on ray after {ratio:.2f} of ray_task_runner's time", flush=True)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--groups", nargs="+", type=int, default=[32, 2_000], help="how many groups, for each table")
    parser.add_argument("--peer-groups", type=int, default=32, help="the most that ray_task_runner is given")
    parser.add_argument("--rounds", type=int, default=3, help="of up to 100 groups; more are measured once")
    parser.add_argument("--one", nargs=3, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        runner, groups, store = given.one
        print(json.dumps(measured(runner, sources_in(Path(groups)), Path(store))))
        return
    print("groups  workers           seconds    first   ms a run  over threads", flush=True)
    with cluster() as settings:
        for count in given.groups:
            names = [name for name in RUNNERS if name != "ray_task_runner" or count <= given.peer_groups]
            times: dict[str, list[dict[str, float]]] = {name: [] for name in names}
            with tempfile.TemporaryDirectory() as folder:
                write_groups(Path(folder), count)
                in_its_own_process("threads", Path(folder), settings)
                for _ in range(given.rounds if count <= 100 else 1):
                    for name in names:
                        times[name].append(in_its_own_process(name, Path(folder), settings))
            show(count, times)


if __name__ == "__main__":
    main()

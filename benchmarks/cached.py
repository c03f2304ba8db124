"""What does a run cost that finds everything in its store, beside Prefect's own part of it?

    python -m benchmarks.cached                # the demo's graph with three seeds: some 100 stage runs

The demo is run once on less data, and then again and again under a Prefect server, each time in a process of its own,
as `equipoise run` does; every stage run comes from the cache. The peer is a flow of as many empty tasks in a process of
its own, whose results Prefect finds in its cache, each handed an earlier one, on the same server, in as many threads.
Both are timed from the start of the process to its end, in turns; the server is started before and stopped after, and
its own processor time counts for neither. What ours does beside: keys of all runs, checks, lineage in the UI and on
disk, the report brought to its folder. PYTHONDONTWRITEBYTECODE is taken away: with it no start remembers the last one.
"""

import argparse
import json
import os
import resource
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import yaml

from flows.commands.serving.server import START_LIMIT, Server, is_healthy
from storage.children import child_environment

DEMO = Path("configs/demo.yaml")
FEWER = {"rows": 400, "rows_per_group": 100, "test_images": 64}
PEER = """
import sys
from pathlib import Path
from prefect import flow, task
from prefect.cache_policies import TASK_SOURCE, INPUTS
from prefect.filesystems import LocalFileSystem
from prefect.task_runners import ThreadPoolTaskRunner

@task(cache_policy=TASK_SOURCE + INPUTS, persist_result=True, result_storage=Path(sys.argv[2]))
def empty(number, before):
    return number

@flow(task_runner=ThreadPoolTaskRunner(max_workers=2))
def peer(count):
    found = []
    for number in range(count):
        found.append(empty.with_options(task_run_name=f"empty {number}").submit(number, found[number // 2 :][:1]))
    for future in found:
        future.wait()
    print(sum(future.state.name == "Cached" for future in found))

peer(int(sys.argv[1]))
"""


def smaller(folder: Path) -> Path:
    """The demo on less data: its graph with three seeds and two steps of each training."""
    values = yaml.safe_load(DEMO.read_text(encoding="utf-8"))
    values |= {"output": str(folder / "run"), "store": str(folder / "store")}
    values["sources"] = [{**source, **FEWER} for source in values["sources"]]
    values["training"]["seeds"] = [0, 1, 2]
    for settings in (values["training"]["settings"], values["training"]["finetune"]["settings"]):
        settings |= {"steps": 2, "batch": 32}
    path = folder / "demo.yaml"
    path.write_text(yaml.safe_dump(values), encoding="utf-8")
    return path


@contextmanager
def server(folder: Path) -> Iterator[Mapping[str, str]]:
    """A Prefect server of its own; the environment of those that talk to it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    here = Server(f"http://127.0.0.1:{port}")
    environment = child_environment(
        PREFECT_HOME=str(folder / "prefect"), PREFECT_SERVER_API_PORT=str(port), PREFECT_API_URL=here.api,
        PREFECT_SERVER_ANALYTICS_ENABLED="false", DO_NOT_TRACK="1", PYTHONDONTWRITEBYTECODE="",
    )  # fmt: skip
    command = [sys.executable, "-m", "prefect", "server", "start"]
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)
    try:
        end = time.monotonic() + START_LIMIT
        while not is_healthy(here):
            if process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"no server: {(folder / 'server.log').read_text()[-500:]}")
            time.sleep(0.3)
        yield environment
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait()


class Taken(NamedTuple):
    """What a process took from its start to its end, in seconds of the clock and of processors."""

    clock: float
    processor: float


def timed(command: Sequence[str], environment: Mapping[str, str]) -> Taken:
    """A process from its start to its end."""
    began, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([sys.executable, *command], env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr[-1000:]}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Taken(time.perf_counter() - began, used)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        config, peer = smaller(folder), folder / "peer.py"
        peer.write_text(PEER, encoding="utf-8")
        ours = ["-m", "flows.command", "run", str(config)]
        with server(folder) as environment:
            timed([*ours, "--no-server"], environment)
            nodes = json.loads((folder / "run" / "lineage.json").read_text(encoding="utf-8"))["nodes"]
            theirs = [str(peer), str(len(nodes)), str(folder / "results")]
            for command in (ours, theirs):  # the first of either fills what it has to fill
                timed(command, environment)
            taken = [(timed(ours, environment), timed(theirs, environment)) for _ in range(rounds)]
        states = json.loads((folder / "run" / "lineage.json").read_text(encoding="utf-8"))["states"]
    assert states["cached"] == len(nodes), states
    (mine, ours_used), (other, theirs_used) = (map(statistics.median, zip(*each)) for each in zip(*taken, strict=True))
    more = sorted(first.clock - second.clock for first, second in taken)
    print(f"{len(nodes)} stage runs from the cache {mine:.1f} s, as many empty cached tasks of Prefect's {other:.1f} s")
    print(f"longer by {statistics.median(more):.1f} s ({more[0]:.1f} to {more[-1]:.1f}), {mine / other:.2f} x")
    print(f"of processors {ours_used:.1f} s against {theirs_used:.1f} s, {ours_used - theirs_used:.1f} s more")


if __name__ == "__main__":
    main()

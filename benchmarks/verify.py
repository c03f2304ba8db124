"""Does `verify` go at the disk's rate? Hashing every file of a store beside reading the same files and dropping them.

    python -m benchmarks.verify                     # 4 GB in files of 64 MB, and 4,000 small ones
    python -m benchmarks.verify --megabytes 200 --small 100

Each way begins with the files out of the page cache (`posix_fadvise`), and again with the files in it, where the disk
is no bound. Rounds are interleaved; ratios are taken within a round, medians printed.
"""

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from storage.caching.stage import stage
from storage.store.inspection import inspect
from storage.store.store import Store
from storage.store.workspace import Runtime, Workspace

BLOCK = 1 << 20
FILE = 64  # megabytes
FILES_A_RUN = 16
READERS = 4  # as many as `verify` has


@stage("benchmark files", version=1, modules=())
def files(seed: int, count: int, size: int, *, work: Workspace) -> dict[str, int]:
    """Files of random bytes."""
    draws = np.random.default_rng(seed)
    for number in range(count):
        (work.output / f"part-{number:05d}.bin").write_bytes(draws.bytes(size))
    return {"rows": count}


def read(paths: list[Path]) -> None:
    """Read files as a copy would, several at a time, and drop what was read."""

    def one(path: Path) -> None:
        with open(path, "rb", buffering=0) as file:
            held = bytearray(BLOCK)
            while file.readinto(held):
                pass

    with ThreadPoolExecutor(READERS) as pool:
        list(pool.map(one, paths))


def forget(paths: list[Path]) -> None:
    """Take files out of the page cache."""
    for path in paths:
        descriptor = os.open(path, os.O_RDONLY)
        os.fsync(descriptor)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(descriptor)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, default=4096)
    parser.add_argument("--small", type=int, default=4000, help="files of 20 kB")
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        runtime = Runtime(store=Path(folder) / "store")
        for seed in range(max(1, given.megabytes // (FILE * FILES_A_RUN))):
            files.run(seed, min(FILES_A_RUN, max(1, given.megabytes // FILE)), FILE << 20, runtime=runtime)
        for seed in range(max(1, given.small // 200)):
            files.run(seed, min(200, given.small), 20_000, runtime=runtime)
        store = Store(runtime.store)
        paths = [path for path in store.root.rglob("*") if path.is_file() and path.name != "manifest.json"]
        held = sum(path.stat().st_size for path in paths)
        print(f"{len(paths):,} files, {held / 1e6:,.0f} MB")

        def verify() -> None:
            found = inspect(store)
            assert not found.faults and found.bytes == held

        ways: dict[str, Callable[[], None]] = {"read": lambda: read(paths), "verify": verify}
        for state in ("from the disk", "from memory"):
            times: dict[str, list[float]] = {name: [] for name in ways}
            for _ in range(given.rounds):
                for name, way in ways.items():
                    if state == "from the disk":
                        forget(paths)
                    begun = time.perf_counter()
                    way()
                    times[name].append(time.perf_counter() - begun)
            over = statistics.median(ours / theirs for ours, theirs in zip(times["verify"], times["read"]))
            rates = {name: held / 1e6 / statistics.median(taken) for name, taken in times.items()}
            print(f"{state}: read {rates['read']:,.0f} MB/s, verify {rates['verify']:,.0f} MB/s; takes {over:.2f} ×")


if __name__ == "__main__":
    main()

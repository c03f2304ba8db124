"""Where passes run: results in the order of the items, on any number of threads, or on a cluster."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import numpy as np
import pytest

from tasks.balancing.law.measure import measure_law
from tasks.balancing.law.rake_stream import rake_stream
from tasks.balancing.matrix import match_stream
from tasks.balancing.matrix.mappers import mapped, ray_mapped
from tasks.balancing.matrix.match_stream import MatchStream
from tasks.balancing.raking.census import census
from tests.tasks.balancing.examples import random_matrix, write_shards


@pytest.mark.parametrize("workers", [0, 1, 2, 5])
def test_results_keep_the_order_of_the_items(workers: int) -> None:
    def slow_first(item: int) -> int:
        time.sleep(0.02 if item == 0 else 0.0)
        return item * item

    assert list(mapped(workers)(slow_first, range(9))) == [k * k for k in range(9)]
    assert list(mapped(workers)(slow_first, [])) == []


def test_workers_are_threads_and_one_is_none() -> None:
    here = threading.get_ident()
    barrier = threading.Barrier(2, timeout=10)

    def meet(_: int) -> int:
        barrier.wait()  # passes only if two run at once
        return threading.get_ident()

    assert here not in mapped(2)(meet, range(2))
    assert set(mapped(1)(lambda _: threading.get_ident(), range(3))) == {here}


@pytest.mark.slow
def test_passes_run_on_a_ray_cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(match_stream, "ROWS_PER_BLOCK", 150)
    ray = pytest.importorskip("ray")
    matrix = random_matrix(400, 20, 2)
    target = np.minimum(matrix.counts, 30).astype(float)
    paths = write_shards(matrix, tmp_path, 3)
    ray.init(address="local", num_cpus=1, include_dashboard=False, log_to_driver=False)
    try:
        far = MatchStream(paths, 20, mapper=ray_mapped())
        found, _ = rake_stream(far, census(far), column_target=target, steps=4)
        total = measure_law(found, far).total
    finally:
        ray.shutdown()
    near = MatchStream(paths, 20)
    wanted, _ = rake_stream(near, census(near), column_target=target, steps=4)
    np.testing.assert_array_equal(found.vector, wanted.vector)
    assert total == measure_law(wanted, near).total

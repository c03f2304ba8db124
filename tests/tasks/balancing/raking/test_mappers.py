"""Where passes run: results in the order of the items, on any number of threads, or on a cluster."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import numpy as np
import pytest

from tasks.balancing.matrix.mappers import mapped, ray_mapped
from tasks.balancing.raking.census import MatchShards
from tasks.balancing.raking.rake_shards import rake_shards
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


def test_an_error_reaches_the_caller() -> None:
    def fail(item: int) -> int:
        raise ZeroDivisionError(item)

    for workers in (1, 3):
        with pytest.raises(ZeroDivisionError):
            list(mapped(workers)(fail, range(4)))


@pytest.mark.slow
def test_passes_run_on_a_ray_cluster(tmp_path: Path) -> None:
    ray = pytest.importorskip("ray")
    matrix = random_matrix(400, 20, 2)
    target = np.minimum(matrix.counts, 30).astype(float)
    paths = write_shards(matrix, tmp_path, 3)
    ray.init(num_cpus=1, include_dashboard=False, log_to_driver=False)
    try:
        far = rake_shards(MatchShards(paths, 20, mapper=ray_mapped()), column_target=target, steps=4)
    finally:
        ray.shutdown()
    near = rake_shards(MatchShards(paths, 20), column_target=target, steps=4)
    np.testing.assert_array_equal(far.weight, near.weight)

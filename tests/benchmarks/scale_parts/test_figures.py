"""Figures by stage, and exponents."""

from datetime import UTC, datetime

import numpy as np
import pytest

from benchmarks.scale_parts.figures import StageRuns, exponent, stages_of
from benchmarks.timing.watched import Watched
from storage.record.manifest import Manifest


def test_exponents_of_powers():
    rows = [10**5, 10**6, 10**7]
    assert exponent(rows, [size**1.2 for size in rows]) == pytest.approx(1.2)
    assert exponent(rows, [5.0, 5.0, 5.0]) == pytest.approx(0.0)
    assert np.isnan(exponent(rows, [0.0, 1.0, 2.0]))
    assert np.isnan(exponent(rows[:1], [1.0]))


def test_runs_of_a_stage_add_up_and_memory_is_the_largest_meanwhile():
    def run(stage: str, end: float, seconds: float) -> Manifest:
        created = datetime.fromtimestamp(end, UTC)
        return Manifest(stage=stage, key="k", digest="d", files=(), code="c", seconds=seconds, created=created)

    samples = ((101.0, 100.0, 1.0), (103.0, 300.0, 3.0), (115.0, 900.0, 3.0), (118.0, 200.0, 6.0), (119.0, 1.0, 8.0))
    runs = [run("match", 120, 10), run("ingest", 104, 4), run("ingest", 109, 5), run("survey", 120, 2)]
    found = stages_of(runs, Watched(30.0, 900.0, samples, "", 8.0))
    assert list(found) == ["ingest", "match", "survey"]
    assert found["ingest"] == StageRuns(2, 9.0, 2.0, 300.0)
    assert found["match"] == StageRuns(1, 10.0, 4.0, 900.0)
    assert found["survey"] == StageRuns(1, 2.0, 1.0, 200.0)

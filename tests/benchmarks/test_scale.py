"""The scale benchmark reads its figures rightly, and runs."""

from datetime import UTC, datetime

import numpy as np
import pytest

from benchmarks import scale
from benchmarks.scale_data import read_pieces
from benchmarks.watched import Watched, watch
from storage.record.manifest import Manifest


def test_exponents_of_powers():
    rows = [10**5, 10**6, 10**7]
    assert scale.exponent(rows, [size**1.2 for size in rows]) == pytest.approx(1.2)
    assert scale.exponent(rows, [5.0, 5.0, 5.0]) == pytest.approx(0.0)
    assert np.isnan(scale.exponent(rows, [0.0, 1.0, 2.0]))
    assert np.isnan(scale.exponent(rows[:1], [1.0]))


def test_runs_of_a_stage_add_up_and_memory_is_the_largest_meanwhile():
    def run(stage: str, end: float, seconds: float) -> Manifest:
        created = datetime.fromtimestamp(end, UTC)
        return Manifest(stage=stage, key="k", digest="d", files=(), code="c", seconds=seconds, created=created)

    whole = Watched(30.0, 900.0, ((101.0, 100.0), (105.0, 300.0), (115.0, 900.0), (125.0, 200.0)), "")
    found = scale.stages_of([run("match", 120, 10), run("ingest", 104, 4), run("ingest", 109, 5)], whole)
    assert list(found) == ["ingest", "match"]
    assert found["ingest"] == scale.StageRuns(2, 9.0, 300.0)
    assert found["match"] == scale.StageRuns(1, 10.0, 900.0)


def test_a_watched_program(tmp_path, monkeypatch):
    (tmp_path / "holds_much.py").write_text(
        "import time\nheld = bytearray(200 << 20)\nfor place in range(0, len(held), 4096): held[place] = 1\n"
        "time.sleep(0.3)\nprint('done')\n"
    )
    found = watch("holds_much", [], {"PYTHONPATH": str(tmp_path)})
    assert found.output == "done" and 0.3 < found.seconds < 60
    assert 200 < found.peak < 300
    with pytest.raises(RuntimeError, match="No module named"):
        watch("is_not_there", [], {})


@pytest.mark.slow
def test_it_runs(shared_data, tmp_path, capsys):
    bench = scale.Bench(tmp_path, read_pieces(shared_data), 2_000, workers=2)
    with bench.captions(3_000) as captions:
        run = bench.curate(3_000, captions)
        scale.show_run(run, 1)
        scale.show_peers(run, bench.peers(3_000, captions))
    scale.show_growth([run])
    assert {"ingest", "match", "balance", "select", "scatter", "gather", "report"} <= set(run.stages)
    assert abs(run.realised.size - 750) < 100
    shown = capsys.readouterr().out
    assert "plain Python, 2 processes" in shown and "polars" in shown
    assert list(tmp_path.iterdir()) != [] and not (tmp_path / "captions-3000").exists()

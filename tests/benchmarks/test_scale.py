"""The scale benchmark runs."""

import pytest

from benchmarks import scale
from benchmarks.inputs.recombined import read_pieces
from benchmarks.scale_parts.figures import show_growth, show_peers, show_run


@pytest.mark.slow
def test_it_runs(shared_data, tmp_path, capsys):
    bench = scale.Bench(tmp_path, read_pieces(shared_data), 2_000, workers=2)
    with bench.captions(3_000) as captions:
        run = bench.curate(3_000, captions)
        show_run(run, 1)
        show_peers(run, bench.peers(3_000, captions))
    show_growth([run])
    assert {"ingest", "match", "balance", "select", "scatter", "gather", "report"} <= set(run.stages)
    assert abs(run.realised.size - 750) < 100
    shown = capsys.readouterr().out
    assert "plain Python, 2 processes" in shown and "polars" in shown
    assert list(tmp_path.iterdir()) != [] and not (tmp_path / "captions-3000").exists()

"""Systematic and multinomial selections: those of `draw` over all captions, whatever the files, and bounded."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from storage.errors import InputError
from tasks.balancing.config import BalancingConfig, CappedTarget, RakeConfig, ThresholdConfig
from tasks.balancing.matrix.match_stream import MatchStream
from tasks.balancing.solve import solve
from tasks.resampling.config import ResamplingConfig
from tasks.resampling.sampling import together
from tasks.resampling.sampling.draw import draw
from tasks.resampling.sampling.expectation import solve_expectation
from tasks.resampling.sampling.keyword_order import keyword_order
from tasks.resampling.sampling.together import draw_together
from tests.tasks.balancing.examples import random_matrix, write_shards

MATRIX = random_matrix(400, 12, 6, empty=True)
WORDS = [f"word{j}" for j in range(12)]


@pytest.mark.parametrize("draws", ["multinomial", "systematic"])
@pytest.mark.parametrize("method", [RakeConfig(target=CappedTarget(t=12)), ThresholdConfig(t=9)])
@pytest.mark.parametrize("size", [None, 150])
def test_copies_are_those_of_draw_for_any_files(
    tmp_path: Path, draws: str, method: BalancingConfig, size: int | None
) -> None:
    config = ResamplingConfig(method=draws, size=size, seed=3)
    gone = list(range(0, 400, 50))
    found = []
    for shards in (1, 5):
        paths = write_shards(MATRIX, tmp_path / str(shards), shards, gone)
        stream = MatchStream(paths, 12)
        law = solve(method, stream, WORDS).law
        found.append(draw_together(config, law, solve_expectation(config, law, stream), paths, 12))
    assert found[0] == found[1]
    kept = np.setdiff1d(np.flatnonzero(MATRIX.degrees), gone)
    matrix = MATRIX.take(kept)
    mass = law.mass(matrix.indptr, matrix.indices)
    wanted = draw(
        matrix.ids,
        mass / law.mean,
        method=draws,
        size=size,
        seed=3,
        inclusion=mass if law.gives_copies else None,
        order=keyword_order(matrix, seed=3) if draws == "systematic" else None,
    )
    drawn = wanted.multiplicity > 0
    assert found[0].column("id").to_pylist() == matrix.ids[drawn].tolist()
    assert found[0].column("multiplicity").to_pylist() == wanted.multiplicity[drawn].tolist()
    np.testing.assert_allclose(found[0].column("inclusion").to_numpy(), wanted.inclusion[drawn], rtol=1e-12)


def test_more_captions_than_memory_is_counted_for_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = write_shards(MATRIX, tmp_path, 2)
    stream = MatchStream(paths, 12)
    law = solve(RakeConfig(), stream, WORDS).law
    config = ResamplingConfig(method="systematic")
    monkeypatch.setattr(together, "MOST_ROWS", 399)
    with pytest.raises(InputError, match="use residual"):
        draw_together(config, law, solve_expectation(config, law, stream), paths, 12)

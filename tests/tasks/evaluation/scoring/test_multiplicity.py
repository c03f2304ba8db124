"""Holm's correction against its definition, step by step."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tasks.evaluation.scoring.multiplicity import holm


def rejected(p_values: list[float], alpha: float) -> set[int]:
    """The step-down procedure as Holm describes it: the smallest against α / m, the next against α / (m − 1), …."""
    found: set[int] = set()
    for place in sorted(range(len(p_values)), key=lambda place: p_values[place]):
        if p_values[place] > alpha / (len(p_values) - len(found)):
            break
        found.add(place)
    return found


@given(st.lists(st.sampled_from([0.001, 0.004, 0.01, 0.012, 0.02, 0.04, 0.3, 1.0]), max_size=9))
def test_what_stays_below_alpha_is_what_the_procedure_rejects(p_values: list[float]) -> None:
    adjusted = holm(np.array(p_values, dtype=np.float64))
    for alpha in (0.0501, 0.0101):
        assert set(np.flatnonzero(adjusted <= alpha).tolist()) == rejected(p_values, alpha)


def test_one_comparison_is_left_as_it_is() -> None:
    assert holm(np.array([0.03])).tolist() == [0.03]
    assert holm(np.array([])).tolist() == []

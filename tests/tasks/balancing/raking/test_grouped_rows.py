"""The rearranged matrix holds the same target mass on the same keyword sets."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from tasks.balancing.matrix.incidence import Incidence, incidence_of
from tasks.balancing.raking import grouped_rows
from tasks.balancing.raking.grouped_rows import LONGEST, Grouped, group_rows
from tests.tasks.balancing.examples import random_matrix


def masses_of(grouped: Grouped) -> Counter:
    """Target mass of each keyword set (by old numbers), from the rearranged parts."""
    name = np.argsort(grouped.rank)
    found: Counter = Counter()
    for keyword, mass in zip(grouped.alone, grouped.alone_mass, strict=True):
        found[(int(name[keyword]),)] += mass
    for part in grouped.parts:
        for rows, target in part.groups:
            for row, mass in zip(rows, target, strict=True):
                found[tuple(sorted(name[row].tolist()))] += mass
        for i, mass in enumerate(np.broadcast_to(part.row_target, len(part.indptr) - 1)):
            found[tuple(sorted(name[part.indices[part.indptr[i] : part.indptr[i + 1]]].tolist()))] += mass
    return found


def long_rows(matrix: Incidence, columns: int) -> Incidence:
    """The matrix and some rows longer than any group."""
    lists = [matrix.keywords_of(i).tolist() for i in range(matrix.rows)]
    lists[::50] = [list(range(k % 3, k % 3 + LONGEST + 2)) for k in range(len(lists[::50]))]
    return incidence_of(lists, columns)


@pytest.mark.parametrize("parts", [1, 4])
@pytest.mark.parametrize("uniform", [True, False])
@pytest.mark.parametrize("columns", [20, 70_000])
def test_every_set_keeps_its_mass(monkeypatch: pytest.MonkeyPatch, columns: int, uniform: bool, parts: int) -> None:
    """With 70,000 keywords only rows of up to three pack into 64 bits; the others are left unmerged."""
    matrix = long_rows(random_matrix(400, 20, 3, empty=True), columns)
    monkeypatch.setattr(grouped_rows, "MATCHES_PER_PART", len(matrix.indices) // parts)
    target = np.array([1 / 400]) if uniform else np.random.default_rng(0).uniform(size=400)
    grouped = group_rows(matrix.indptr, matrix.indices, target, columns)
    assert len(grouped.parts) == parts
    expected: Counter = Counter()
    for i, mass in enumerate(np.broadcast_to(target, 400)):
        if matrix.degrees[i]:
            expected[tuple(matrix.keywords_of(i).tolist())] += mass
    found = masses_of(grouped)
    assert set(found) == set(expected)
    for keywords, mass in expected.items():
        assert found[keywords] == pytest.approx(mass, rel=1e-12)


def test_frequent_keywords_come_first_and_equal_rows_once() -> None:
    matrix = random_matrix(3000, 12, 5)
    grouped = group_rows(matrix.indptr, matrix.indices, np.array([1.0]), 12)
    assert (np.diff(matrix.counts[np.argsort(grouped.rank)]) <= 0).all()
    for rows, target in grouped.parts[0].groups:
        assert len(np.unique(rows, axis=0)) == len(rows) and target.sum() == (matrix.degrees == rows.shape[1]).sum()
    assert grouped.bytes > grouped.scratch.bytes > 0

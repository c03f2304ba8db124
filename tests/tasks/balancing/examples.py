"""Matrices and plain reference loops that the tests of balancing share."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from storage.tables.schemas import MATCHES
from storage.tables.shards import write_table
from tasks.balancing.matrix.incidence import Incidence, incidence_of


def random_matrix(rows: int, columns: int, seed: int = 0, *, empty: bool = False, tail: float = 1.0) -> Incidence:
    """A random long-tailed 0/1 matrix; every row holds a keyword unless `empty`."""
    generator = np.random.default_rng(seed)
    share = 1.0 / np.arange(1, columns + 1) ** tail
    lists = []
    for _ in range(rows):
        degree = int(generator.integers(0 if empty else 1, 5))
        lists.append(generator.choice(columns, size=min(degree, columns), p=share / share.sum()).tolist())
    return incidence_of(lists, columns)


def dense(matrix: Incidence) -> np.ndarray:
    """`K [n, m]`."""
    table = np.zeros((matrix.rows, matrix.columns))
    table[np.repeat(np.arange(matrix.rows), matrix.degrees), matrix.indices] = 1.0
    return table


def dense_rake(
    table: np.ndarray, row_target: np.ndarray, column_target: np.ndarray, order: tuple[str, ...], initial: str
) -> np.ndarray:
    """Raking as the paper writes it, on a dense table."""
    measure = table / table.sum(axis=1, keepdims=True).clip(1) if initial == "rows" else table.copy()
    measure /= measure.sum()
    for side in order:
        if side == "x":
            margin = measure.sum(axis=1, keepdims=True)
            measure = np.divide(row_target[:, None] * measure, margin, out=np.zeros_like(measure), where=margin > 0)
        else:
            margin = measure.sum(axis=0, keepdims=True)
            measure = np.divide(column_target * measure, margin, out=np.zeros_like(measure), where=margin > 0)
    return measure


def feasible_targets(matrix: Incidence, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Margins of a random positive measure on the support, so that both can be met."""
    weights = dense(matrix) * np.random.default_rng(seed).uniform(0.2, 1.0, size=(matrix.rows, matrix.columns))
    weights /= weights.sum()
    return weights.sum(axis=1), weights.sum(axis=0)


def write_shards(
    matrix: Incidence, directory: Path, shards: int | Sequence[int], gone: Collection[int] = ()
) -> list[Path]:
    """The matrix as shards of the `matches` table, so many or cut at these rows; rows `gone` are null there."""
    directory.mkdir(parents=True, exist_ok=True)
    paths = []
    for k, part in enumerate(np.array_split(np.arange(matrix.rows), shards)):
        piece = matrix.take(part)
        lists = [None if row in gone else piece.keywords_of(i).tolist() for i, row in enumerate(part.tolist())]
        paths.append(directory / f"matches-{k:05d}.parquet")
        write_table(paths[-1], pa.table({"id": pa.array(piece.ids), "entries": lists}, schema=MATCHES))
    return paths

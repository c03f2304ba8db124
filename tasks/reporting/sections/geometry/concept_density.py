"""How densely each concept's pairs lie: the most and the least crowded ones, before and after balancing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from matplotlib.figure import Figure

from tasks.reporting.inputs.untrusted import LABEL_LENGTH, displayed
from tasks.reporting.page.svg import INK, WIDE, blank, logarithmic, name_rows, variant_colours


@dataclass(frozen=True)
class Concept:
    """One concept.

    Attributes:
        text: its keyword.
        rows: by variant, how many of its rows were measured.
        radius: by variant, their median distance to the k-th neighbour.
        relative: by variant, that distance over the median of all rows; below 1 is more crowded than the rest.
    """

    text: str
    rows: Mapping[str, int]
    radius: Mapping[str, float]
    relative: Mapping[str, float]


@dataclass(frozen=True)
class Density:
    """The densest and the sparsest concepts of the first variant.

    Attributes:
        variants: all that were measured.
        densest: the most crowded first.
        sparsest: the sparsest last; empty where `densest` holds them all.
        measured: how many concepts there are in all.
        neighbours: the k of the distances.
    """

    variants: tuple[str, ...]
    densest: tuple[Concept, ...]
    sparsest: tuple[Concept, ...]
    measured: int
    neighbours: int


def density(
    tables: Mapping[str, pl.DataFrame],
    dimensions: Mapping[str, float | None],
    keywords: Sequence[str],
    *,
    shown: int,
    neighbours: int,
) -> Density | None:
    """The concepts from `concepts.parquet` of each variant.

    Args:
        tables: `entry`, `rows`, `median_radius`, `relative_log_density` by variant; the first is the reference.
        dimensions: the dimension that each variant's densities were computed with; None: 1.
        keywords: text of each entry, by number.
        shown: most concepts at either end.
        neighbours: the k of the distances.

    Returns:
        None where nothing was measured.
    """
    if not tables:
        return None
    rows: dict[int, dict[str, tuple[int, float, float]]] = {}
    for variant, table in tables.items():
        d = dimensions.get(variant) or 1.0
        for row in table.iter_rows(named=True):
            log = row["relative_log_density"]
            relative = 0.0 if log is None else float(np.exp(-log / d))
            rows.setdefault(row["entry"], {})[variant] = (row["rows"], row["median_radius"], relative)
    first = next(iter(tables))
    ranked = sorted((each[first][2], entry) for entry, each in rows.items() if first in each)
    concepts = [_concept(keywords[entry], rows[entry]) for _, entry in ranked if entry < len(keywords)]
    if not concepts:
        return None
    ends = shown if len(concepts) > 2 * shown else len(concepts)
    sparsest = concepts[-shown:] if len(concepts) > 2 * shown else []
    return Density(tuple(tables), tuple(concepts[:ends]), tuple(sparsest), len(concepts), neighbours)


def density_figure(found: Density | None, width: float = WIDE) -> Figure | None:
    """A row a concept, a dot a variant: crowded to the left of the line, sparse to the right."""
    if found is None:
        return None
    concepts = [*found.densest, *found.sparsest]
    figure, (axis,) = blank(width, 0.95 + 0.215 * len(concepts))
    for variant, colour in variant_colours(found.variants).items():
        places = [place for place, each in enumerate(concepts) if each.relative.get(variant, 0) > 0]
        values = [concepts[place].relative[variant] for place in places]
        axis.plot(values, places, "o", color=colour, markersize=5, markeredgewidth=0, alpha=0.85,
                  label=displayed(variant, LABEL_LENGTH))  # fmt: skip
    axis.axvline(1, color=INK, linewidth=0.8)
    if found.sparsest:
        axis.axhline(len(found.densest) - 0.5, color=INK, linewidth=0.6, linestyle=(0, (1, 2)))
    first = found.variants[0]
    labels = [f"{displayed(each.text, LABEL_LENGTH)}  {each.rows.get(first, 0):,}" for each in concepts]
    name_rows(axis, labels, margin=0.4, grid=True)
    axis.set_xscale("log")
    logarithmic(axis.xaxis)
    axis.set_xlabel(
        f"distance to the neighbours,{' ' if width >= WIDE else chr(10)}over the data set’s median (log scale)"
    )
    figure.legend(loc="outside upper left", ncols=4 if width >= WIDE else 2)
    return figure


def _concept(text: str, found: Mapping[str, tuple[int, float, float]]) -> Concept:
    return Concept(
        text,
        {variant: rows for variant, (rows, _, _) in found.items()},
        {variant: radius for variant, (_, radius, _) in found.items()},
        {variant: relative for variant, (_, _, relative) in found.items()},
    )

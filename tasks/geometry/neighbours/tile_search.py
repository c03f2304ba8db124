"""Exact nearest neighbours on a processor: Gram tiles as a filter, coordinates' differences as the measure.

A tile of inner products, from the fastest matrix product there is, bounds distances from below (see
`squared_distances`); only pairs that may enter a list are measured, and tiles that are too far from all rows are not
even multiplied. The lists are those of difference-based brute force, bit for bit, for any layout of tiles and number
of threads.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property

import numpy as np
import torch

from tasks.compiled import FASTMATH, compiled
from tasks.geometry.neighbours.block_filter import BLOCK, passing_blocks
from tasks.geometry.neighbours.component_links import ComponentLinks, component_links
from tasks.geometry.neighbours.sorted_lists import displace, distance_of_label, enter
from tasks.geometry.neighbours.squared_distances import (
    difference_error_factor,
    differences_float32,
    inner_product_error_factor,
)
from tasks.geometry.neighbours.tile_layout import WIDEST, TileLayout, group_by_pivots, lay_out, squared_norms
from tasks.threads import one_torch_thread

ROWS = 512
_FAR = np.float32(3e38)
_UNIT = 2.0**-24


class TileSearch:
    """Exact neighbours among `points`, float32 `[n, d]`, finite; squared distances are float32 differences.

    Every answer is a pair (positions int32, squared distances float32), both `[q, k]`, ascending by (distance,
    position); −1 and infinity where there are fewer than k. No point left out is nearer, up to
    `difference_error_factor(d)`.
    """

    def __init__(
        self, points: np.ndarray, *, workers: int = 1, advance: Callable[[int], object] = lambda rows: None
    ) -> None:
        self.points = points
        self._workers, self._advance = workers, advance
        d = points.shape[1]
        self._slack = np.float32(1 + 2 * difference_error_factor(d))
        self._product_error = inner_product_error_factor(d)

    def nearest_points(self, queries: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        """The `k` nearest other points of each query (positions int32 `[q]`)."""
        return self._search(queries, np.arange(len(self.points), dtype=np.int32), k, self._layout, False)

    def nearest_outside(self, queries: np.ndarray, labels: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        """The `k` nearest points whose label (int32 `[n]`) is not the query's."""
        return self._search(queries, labels, k, self._layout, False)

    def nearest_components(self, queries: np.ndarray, labels: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        """The nearest point of each of the `k` nearest components (labels int32 `[n]`) other than the query's.

        One entry a component is enough for ever: components only grow together, and a point that is second to another
        of its component stays second.
        """
        return self._search(queries, labels, k, lay_out(self.points, self._groups, labels), True)

    def component_links(self, labels: np.ndarray) -> ComponentLinks:
        """The shortest link between every two components (labels int32 `[n]`, from 0, without gaps)."""
        return component_links(self.points, self._groups, labels, workers=self._workers)

    @cached_property
    def _groups(self) -> np.ndarray:
        return group_by_pivots(self.points)

    @cached_property
    def _layout(self) -> TileLayout:
        return lay_out(self.points, self._groups)

    def _search(
        self, queries: np.ndarray, labels: np.ndarray, k: int, layout: TileLayout, by_label: bool
    ) -> tuple[np.ndarray, np.ndarray]:
        positions = np.full((len(queries), k), -1, np.int32)
        squared = np.full((len(queries), k), np.inf, np.float32)
        place = np.empty(len(self.points), np.int32)
        place[layout.names] = np.arange(len(place), dtype=np.int32)
        together = np.argsort(place[queries], kind="stable")  # rows of a tile lie near each other too

        def search(first: int) -> None:
            rows = together[first : first + ROWS]
            found, near = positions[rows], squared[rows]
            self._search_rows(queries[rows], labels, layout, by_label, found, near)
            positions[rows], squared[rows] = found, near
            self._advance(len(rows))

        with ThreadPoolExecutor(self._workers, thread_name_prefix="search", initializer=one_torch_thread) as pool:
            list(pool.map(search, range(0, len(queries), ROWS)))
        return positions, squared

    def _search_rows(
        self,
        asked: np.ndarray,
        labels: np.ndarray,
        layout: TileLayout,
        by_label: bool,
        positions: np.ndarray,
        squared: np.ndarray,
    ) -> None:
        """Fill the lists of some rows, the nearest tiles first."""
        rows = torch.from_numpy(self.points[asked])
        from_centre = torch.empty_like(rows)
        buffer = torch.empty(len(rows) * WIDEST)
        gap = rows.mean(dim=0).numpy() - layout.centres
        for tile in np.argsort(np.einsum("ij,ij->i", gap, gap), kind="stable"):
            start, stop = layout.starts[tile], layout.starts[tile + 1]
            torch.sub(rows, torch.from_numpy(layout.centres[tile]), out=from_centre)
            norms = squared_norms(from_centre.numpy())
            nearest = np.maximum(np.sqrt(norms) * np.float32(1 - 4 * _UNIT) - layout.radius[tile], 0) ** 2
            wanted = _within_reach(
                asked, labels, layout.label[tile], nearest, self._slack, by_label, positions, squared
            )
            if not len(wanted):
                continue
            some = from_centre if len(wanted) == len(asked) else from_centre[torch.from_numpy(wanted)]
            inner = buffer[: len(some) * (stop - start)].view(len(some), -1)
            torch.mm(some, torch.from_numpy(layout.centred[start:stop]).T, out=inner)
            _enter_tile(
                self.points, asked, wanted, norms, labels, layout.names[start:stop], layout.share[start:stop],
                layout.radius[tile], self._product_error, self._slack, inner.numpy(), layout.label[tile], by_label,
                positions, squared,
            )  # fmt: skip


@compiled
def _within_reach(
    asked: np.ndarray,
    labels: np.ndarray,
    tile_label: int,
    nearest: np.ndarray,
    slack: np.float32,
    by_label: bool,
    positions: np.ndarray,
    squared: np.ndarray,
) -> np.ndarray:
    """Rows whose lists a tile could still change, int64 `[a]`.

    Args:
        asked: int32 `[b]`, the rows' points.
        labels: int32 `[n]`, components.
        tile_label: the component of all the tile's points, or −1.
        nearest: float32 `[b]`, squared distance at which the tile's ball begins.
        slack: factor on the reach.
        by_label: one entry a component is kept.
        positions: int32 `[b, k]`, the lists.
        squared: float32 `[b, k]`, their squared distances.
    """
    wanted = np.empty(len(asked), dtype=np.int64)
    count = 0
    for row in range(len(asked)):
        worst = squared[row, positions.shape[1] - 1]
        if by_label and tile_label >= 0:
            if labels[asked[row]] == tile_label:
                continue
            worst = min(worst, distance_of_label(positions[row], squared[row], labels, tile_label))
        if nearest[row] <= worst * slack:
            wanted[count] = row
            count += 1
    return wanted[:count]


@compiled(fastmath=FASTMATH)
def _enter_tile(  # noqa: PLR0913  a kernel: numba takes no objects
    points: np.ndarray,
    asked: np.ndarray,
    wanted: np.ndarray,
    norms: np.ndarray,
    labels: np.ndarray,
    names: np.ndarray,
    share: np.ndarray,
    radius: np.float32,
    product_error: np.float32,
    slack: np.float32,
    inner: np.ndarray,
    tile_label: int,
    by_label: bool,
    positions: np.ndarray,
    squared: np.ndarray,
) -> None:
    """Enter a tile's points, by their inner products with the wanted rows about the tile's centre, into the lists.

    With γ the error of an inner product, u = 2⁻²⁴, and r the list's reach (its last squared distance, with some slack),
    a pair can matter only if

        (1 − 16u) ‖x‖² + (1 − 16u) ‖y‖² − 2⟨x, y⟩ − 2γ ‖x‖ · radius  ≤  r

    What depends on y is `share_y − 2⟨x, y⟩`; the rest, `aside_x`, is taken to the right, into `bar = r − aside_x`.

    Args:
        points: float32 `[n, d]`.
        asked: int32 `[b]`, the rows' points.
        wanted: int64 `[a]`, the rows that the tile could change.
        norms: float32 `[b]`, the rows' squared distances from the tile's centre.
        labels: int32 `[n]`, components; a row's own is left out.
        names: int32 `[w]`, the tile's points.
        share: float32 `[w]`, `(1 − 16u) ‖y‖²`.
        radius: of the tile.
        product_error: `2γ / (‖x‖ ‖y‖)`, `inner_product_error_factor(d)`.
        slack: factor on the reach, for the rounding of the distances in the lists.
        inner: float32 `[a, w]`, inner products about the tile's centre.
        tile_label: the component of all the tile's points, or −1.
        by_label: keep one entry a component.
        positions: int32 `[b, k]`, the lists; changed.
        squared: float32 `[b, k]`, their squared distances; changed.
    """
    width = inner.shape[1]
    last_place = positions.shape[1] - 1
    blocks = np.empty(width // BLOCK + 1, dtype=np.int64)
    for count in range(len(wanted)):
        row = wanted[count]
        query = asked[row]
        own, here = labels[query], points[query]
        dots = inner[count]
        aside = norms[row] * np.float32(1 - 16 * _UNIT) - product_error * np.sqrt(norms[row]) * radius
        worst = squared[row, last_place]
        if by_label and tile_label >= 0:
            worst = min(worst, distance_of_label(positions[row], squared[row], labels, tile_label))
        bar = min(worst * slack - aside, _FAR)
        for place in range(passing_blocks(share, dots, bar, blocks)):
            for j in range(blocks[place], min(width, blocks[place] + BLOCK)):
                point = names[j]
                if share[j] - np.float32(2) * dots[j] > bar or labels[point] == own:
                    continue
                distance = differences_float32(here, points[point])
                if by_label and not displace(positions[row], squared[row], labels, point, distance):
                    continue
                enter(positions[row], squared[row], point, distance)
                reach = squared[row, last_place]
                if by_label and tile_label >= 0:
                    reach = min(reach, distance)
                bar = min(bar, reach * slack - aside)

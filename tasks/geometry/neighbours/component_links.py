"""The shortest link between every two components, from one pass over half of all pairs."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import torch

from tasks.compiled import FASTMATH, compiled
from tasks.geometry.neighbours.block_filter import BLOCK, passing_blocks
from tasks.geometry.neighbours.squared_distances import differences_float64, inner_product_error_factor
from tasks.geometry.neighbours.tile_layout import WIDEST, TileLayout, lay_out, squared_norms
from tasks.threads import one_torch_thread

_FAR = np.float32(3e38)
_UNIT = 2.0**-24


@dataclass(frozen=True)
class ComponentLinks:
    """The shortest link between every two of c components; of equally short links the lowest pair of positions.

    squared: float64 `[c, c]`, its squared length, infinite on the diagonal. ends: int32 `[c, c, 2]`, its ends, the
    lower position first, −1 on the diagonal.
    """

    squared: np.ndarray
    ends: np.ndarray


def component_links(points: np.ndarray, groups: np.ndarray, labels: np.ndarray, *, workers: int = 1) -> ComponentLinks:
    """The shortest links between components of `points`, float32 `[n, d]`.

    Tiles of inner products are a filter, as in `tile_search`; what passes is measured in float64. `O(n² d / 2)` at
    most: pairs within a component, and tiles farther apart than the links known, are passed over. The result does not
    depend on the tiles or the workers.

    Args:
        points: float32 `[n, d]`, finite.
        groups: int32 `[n]`, as of `group_by_pivots`; near points share one.
        labels: int32 `[n]` of values `0 … c − 1`, none left out.
        workers: threads.
    """
    layout = lay_out(points, groups, labels)
    tiles, count = len(layout.starts) - 1, int(labels.max()) + 1
    present = [np.unique(labels[layout.names[layout.starts[t] : layout.starts[t + 1]]]) for t in range(tiles)]
    shares = [np.arange(worker, tiles, workers) for worker in range(workers)]

    def work(own: np.ndarray) -> ComponentLinks:
        links = ComponentLinks(np.full((count, count), np.inf), np.full((count, count, 2), -1, np.int32))
        for tile in own:
            _link_tile(points, labels, layout, present, int(tile), links)
        return links

    with ThreadPoolExecutor(workers, thread_name_prefix="links", initializer=one_torch_thread) as pool:
        parts = list(pool.map(work, shares))
    for part in parts[1:]:
        _merge(parts[0].squared, parts[0].ends, part.squared, part.ends)
    return parts[0]


def _link_tile(
    points: np.ndarray,
    labels: np.ndarray,
    layout: TileLayout,
    present: list[np.ndarray],
    tile: int,
    links: ComponentLinks,
) -> None:
    """Links between a tile and the later ones, the nearest first."""
    names = layout.names[layout.starts[tile] : layout.starts[tile + 1]]
    rows = torch.from_numpy(points[names])
    from_centre, buffer = torch.empty_like(rows), torch.empty(len(rows) * WIDEST)
    gap = np.linalg.norm(layout.centres[tile:] - layout.centres[tile], axis=1)
    product_error = inner_product_error_factor(points.shape[1])
    for other in (tile + np.argsort(gap, kind="stable")).tolist():
        start, stop = layout.starts[other], layout.starts[other + 1]
        if layout.label[tile] >= 0 and layout.label[tile] == layout.label[other]:
            continue
        reach = max(0.0, float(gap[other - tile]) * (1 - 1e-5) - float(layout.radius[tile] + layout.radius[other]))
        if reach**2 > links.squared[np.ix_(present[tile], present[other])].max():
            continue
        torch.sub(rows, torch.from_numpy(layout.centres[other]), out=from_centre)
        norms = squared_norms(from_centre.numpy())
        inner = buffer[: len(rows) * (stop - start)].view(len(rows), -1)
        torch.mm(from_centre, torch.from_numpy(layout.centred[start:stop]).T, out=inner)
        _enter_links(
            points, labels, names, norms, layout.names[start:stop], layout.share[start:stop], layout.radius[other],
            present[other], product_error, inner.numpy(), links.squared, links.ends,
        )  # fmt: skip


@compiled(fastmath=FASTMATH)
def _enter_links(  # noqa: PLR0913  a kernel: numba takes no objects
    points: np.ndarray,
    labels: np.ndarray,
    rows: np.ndarray,
    norms: np.ndarray,
    columns: np.ndarray,
    share: np.ndarray,
    radius: np.float32,
    present: np.ndarray,
    product_error: np.float32,
    inner: np.ndarray,
    squared: np.ndarray,
    ends: np.ndarray,
) -> None:
    """Enter the links from a tile's rows to another tile's points into the table.

    A pair can matter only if `share_y − 2⟨x, y⟩ ≤ longest − aside_x`, as in `tile_search._enter_tile`, with `longest`
    the longest of the links known so far from x's component to those in the other tile.

    Args:
        points: float32 `[n, d]`.
        labels: int32 `[n]`, components.
        rows: int32 `[b]`, the first tile's points.
        norms: float32 `[b]`, their squared distances from the second tile's centre.
        columns: int32 `[w]`, the second tile's points.
        share: float32 `[w]`, as in `TileLayout`.
        radius: of the second tile.
        present: int32, the components in the second tile.
        product_error: `inner_product_error_factor(d)`.
        inner: float32 `[b, w]`, inner products about the second tile's centre.
        squared: float64 `[c, c]`, the table; changed.
        ends: int32 `[c, c, 2]`, its links; changed.
    """
    width = len(columns)
    blocks = np.empty(width // BLOCK + 1, dtype=np.int64)
    for row in range(len(rows)):
        x = rows[row]
        own = labels[x]
        dots = inner[row]
        longest = 0.0
        for label in present:
            if label != own:
                longest = max(longest, squared[own, label])
        aside = norms[row] * np.float32(1 - 16 * _UNIT) - product_error * np.sqrt(norms[row]) * radius
        bar = min(np.float32(longest * (1 + 1e-6)) - aside, _FAR)
        for place in range(passing_blocks(share, dots, bar, blocks)):
            for j in range(blocks[place], min(width, blocks[place] + BLOCK)):
                y = columns[j]
                other = labels[y]
                if share[j] - np.float32(2) * dots[j] > bar or other == own:
                    continue
                distance = differences_float64(points, x, y)
                low, high = min(x, y), max(x, y)
                if shorter_link(distance, low, high, squared[own, other], ends[own, other]):
                    for a, b in ((own, other), (other, own)):
                        squared[a, b] = distance
                        ends[a, b, 0] = low
                        ends[a, b, 1] = high
                    if len(present) == 1:
                        bar = np.float32(distance * (1 + 1e-6)) - aside


@compiled
def shorter_link(distance: float, low: int, high: int, best: float, ends: np.ndarray) -> bool:
    """Whether a link of squared length `distance` from `low` to `high` comes before the best, `ends` int32 `[2]`."""
    return distance < best or (distance == best and (low < ends[0] or (low == ends[0] and high < ends[1])))


@compiled
def _merge(squared: np.ndarray, ends: np.ndarray, more: np.ndarray, more_ends: np.ndarray) -> None:
    for a in range(len(squared)):
        for b in range(len(squared)):
            if shorter_link(more[a, b], more_ends[a, b, 0], more_ends[a, b, 1], squared[a, b], ends[a, b]):
                squared[a, b] = more[a, b]
                ends[a, b] = more_ends[a, b]

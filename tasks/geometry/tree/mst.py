"""The Euclidean minimum spanning tree, exact or from a neighbour graph, every edge with its proof."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from tasks.arguments import one_of, whole
from tasks.geometry.neighbours.distinct_points import DistinctPoints, checked_points, distinct_points
from tasks.geometry.neighbours.knn import Backend, Index, Neighbours, check_choice, search, unfolded
from tasks.geometry.neighbours.tile_search import TileSearch
from tasks.geometry.tree.boruvka import NeighbourLists, boruvka
from tasks.geometry.tree.excess_length import Excess, estimate_excess
from tasks.geometry.tree.prim import GRAM_LIMIT, prim

Method = Literal["auto", "exact", "knn"]

ASKED_PER_COMPONENT = 256
"""In approximate mode, members of a component that are asked again for their nearest outside points."""


@dataclass(frozen=True)
class SpanningTree:
    """A spanning tree of n points.

    Attributes:
        edges: int64 `[n - 1, 2]`, the lower position first, ascending by (length, positions).
        lengths: float64 `[n - 1]`.
        certified: bool `[n - 1]`, the edge belongs to a minimum spanning tree, up to float32 rounding of single
            distances.
        exact: whether all edges are certified.
        method: how it was found, in words.
        requeries: points whose neighbours were asked for again.
        repetitions: points that repeat another exactly (joined by edges of length 0).
        excess: for a tree that is not exact, by how much it may be too long.
        neighbours: the neighbour lists that it was built on, if any.

    Example:
        >>> import numpy as np
        >>> from equipoise import SpanningTree, minimum_spanning_tree
        >>> tree = minimum_spanning_tree(np.eye(3))
        >>> isinstance(tree, SpanningTree), round(tree.length, 3), tree.exact
        (True, 2.828, True)
    """

    edges: np.ndarray
    lengths: np.ndarray
    certified: np.ndarray
    exact: bool
    method: str
    requeries: int
    repetitions: int
    excess: Excess | None
    neighbours: Neighbours | None

    @property
    def length(self) -> float:
        """Total length."""
        return float(self.lengths.sum())

    @property
    def certified_fraction(self) -> float:
        """Share of certified edges; 1 for a tree without edges."""
        return float(self.certified.mean()) if len(self.certified) else 1.0


def minimum_spanning_tree(
    points: npt.ArrayLike,
    *,
    method: Method = "auto",
    neighbours: int = 16,
    backend: Backend = "auto",
    index: Index = "auto",
    device: str = "cpu",
    workers: int = 1,
    advance: Callable[[int], object] = lambda rows: None,
) -> SpanningTree:
    """The minimum spanning tree of `points [n, d]` under Euclidean distance.

    An approximate index gives a tree that says so: its edges are not certified and its excess is estimated. Exact
    repetitions are joined to their first occurrence by edges of length 0. Lengths are float64 differences.

    Args:
        points: finite numbers of any kind `[n, d]`, as an array or lists.
        method: `exact` is Prim's algorithm, `O(n² d)` on one thread (see `prim`); `knn` is Borůvka's on the graph of
            nearest points, reconnected and certified by further exact queries (see `boruvka`); `auto` is `exact` up to
            8,192 points.
        neighbours: points in each list of that graph.
        backend: search of those lists, as in `knn`.
        index: for faiss, as in `knn`.
        device: torch device of that search.
        workers: threads.
        advance: called with the points done.

    Raises:
        InputError: points that are not a finite matrix, `neighbours < 1`, or a name that is not known.

    Example:
        >>> import numpy as np
        >>> from equipoise import minimum_spanning_tree
        >>> tree = minimum_spanning_tree(np.array([[0.0, 0.0], [3.0, 4.0], [0.0, 1.0]]))
        >>> tree.edges.tolist(), tree.lengths.round(3).tolist(), tree.certified.tolist()
        ([[0, 2], [1, 2]], [1.0, 4.243], [True, True])
    """
    one_of(method, get_args(Method), "method")
    check_choice(backend, index)
    neighbours, workers = whole(neighbours, "neighbours", least=1), whole(workers, "workers", least=1)
    matrix, scale = checked_points(points)
    distinct = distinct_points(matrix)
    unique = distinct.points
    if method == "exact" or (method == "auto" and len(unique) <= GRAM_LIMIT):
        edges, lengths = prim(unique)
        tree = SpanningTree(edges, lengths, np.ones(len(edges), bool), True, "exact, Prim", 0, 0, None, None)
    else:
        tree = _from_neighbours(unique, neighbours, backend, index, device, workers, advance)
    return _whole(tree, distinct, scale)


def _from_neighbours(
    points: np.ndarray,
    neighbours: int,
    backend: Backend,
    index: Index,
    device: str,
    workers: int,
    advance: Callable[[int], object],
) -> SpanningTree:
    k = max(1, min(neighbours, len(points) - 1))
    tiles = TileSearch(points, workers=workers, advance=advance)
    found = search(tiles, k, backend, index, device, workers)
    lists = NeighbourLists(found.positions.astype(np.int32), found.distances.copy(), found.horizon.copy())
    result = boruvka(lists, tiles, most_per_component=None if found.exact else ASKED_PER_COMPONENT)
    lengths = edge_lengths(points, result.edges)
    certified = result.certified & found.exact
    excess = None if found.exact else estimate_excess(points, result.edges, lengths, workers=workers)
    how = "certified Borůvka" if found.exact else "approximate: Borůvka"
    method = f"{how} on the {k} nearest neighbours ({found.method})"
    return SpanningTree(result.edges, lengths, certified, found.exact, method, result.requeries, 0, excess, found)


def edge_lengths(points: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """`‖x_i − x_j‖` of edges `[m, 2]`, float64 `[m]`, from differences in float64, in blocks."""
    lengths = np.empty(len(edges))
    for first in range(0, len(edges), 4_096):
        block = edges[first : first + 4_096]
        difference = points[block[:, 0]].astype(np.float64) - points[block[:, 1]]
        lengths[first : first + 4_096] = np.sqrt(np.einsum("ij,ij->i", difference, difference))
    return lengths


def _whole(tree: SpanningTree, distinct: DistinctPoints, scale: float) -> SpanningTree:
    """The tree of all points from that of the distinct ones: repetitions are joined to their first occurrence."""
    repeated = distinct.duplicates()
    edges = np.concatenate(
        [distinct.first[tree.edges], np.stack([distinct.first[distinct.group[repeated]], repeated], axis=1)]
    ).astype(np.int64)
    edges.sort(axis=1)
    lengths = np.concatenate([tree.lengths * scale, np.zeros(len(repeated))])
    certified = np.concatenate([tree.certified, np.ones(len(repeated), bool)])
    order = np.lexsort((edges[:, 1], edges[:, 0], lengths))
    excess = tree.excess and tree.excess.scaled(scale)
    graph = tree.neighbours and unfolded(tree.neighbours, distinct, scale)
    return SpanningTree(
        edges[order], lengths[order], certified[order], tree.exact, tree.method, tree.requeries, len(repeated), excess,
        graph,
    )  # fmt: skip

"""Borůvka on lists of neighbours, and Prim on the table of links: scipy's tree."""

import numpy as np
import pytest

from tasks.geometry.neighbours.component_links import ComponentLinks
from tasks.geometry.neighbours.tile_search import TileSearch
from tasks.geometry.tree.boruvka import NeighbourLists, boruvka
from tests.tasks.geometry.conftest import TRAPS, clusters, gaussian, true_length


def lists_of(points: np.ndarray, k: int) -> NeighbourLists:
    positions, squared = TileSearch(points).nearest_points(np.arange(len(points), dtype=np.int32), k)
    return NeighbourLists(positions, np.sqrt(squared), np.sqrt(squared[:, -1]))


def length(points: np.ndarray, edges: np.ndarray) -> float:
    return float(np.linalg.norm(points[edges[:, 0]].astype(np.float64) - points[edges[:, 1]], axis=1).sum())


class Asked:
    """A searcher that counts, and can be told to have no table."""

    def __init__(self, points: np.ndarray) -> None:
        self.tiles, self.queries, self.tables = TileSearch(points), 0, 0

    def nearest_components(self, queries: np.ndarray, labels: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        self.queries += len(queries)
        return self.tiles.nearest_components(queries, labels, k)

    def component_links(self, labels: np.ndarray) -> ComponentLinks:
        self.tables += 1
        return self.tiles.component_links(labels)


@pytest.mark.parametrize("trap", ["gaussian", "sixteen tight clusters", "collinear", "one outlier"])
@pytest.mark.parametrize("k", [1, 3, 10])
def test_true_lists_give_the_true_tree_with_proof(trap: str, k: int) -> None:
    points = TRAPS[trap](500, 4, 5)
    found = boruvka(lists_of(points, k), TileSearch(points))
    assert found.certified.all() and found.edges.shape == (499, 2)
    assert length(points, found.edges) == pytest.approx(true_length(points), rel=1e-6)


def test_complete_lists_ask_nothing() -> None:
    points, asked = gaussian(60, 3), None
    lists = lists_of(points, 59)
    lists.horizon[:] = np.inf
    asked = Asked(points)
    found = boruvka(lists, asked)
    assert (asked.queries, asked.tables, found.requeries) == (0, 0, 0) and found.certified.all()
    assert length(points, found.edges) == pytest.approx(true_length(points), rel=1e-6)


def test_a_bound_on_questions_is_kept_and_leaves_edges_unproved() -> None:
    points = clusters(600, 6, count=3)
    few = Asked(points)
    found = boruvka(lists_of(points, 2), few, most_per_component=1)
    assert few.tables == 0 and not found.certified.all() and found.requeries == few.queries
    assert length(points, found.edges) >= true_length(points) * (1 - 1e-6)
    all_asked = Asked(points)
    boruvka(lists_of(points, 2), all_asked, most_per_component=10**6)
    assert few.queries < all_asked.queries


def test_a_few_large_clusters_are_joined_by_their_table() -> None:
    points = clusters(900, 6, count=3)
    asked = Asked(points)
    found = boruvka(lists_of(points, 12), asked)
    assert asked.tables == 1 and found.certified.all()
    assert length(points, found.edges) == pytest.approx(true_length(points), rel=1e-6)


@pytest.mark.parametrize("n", [0, 1])
def test_no_edge_where_there_are_no_two_points(n: int) -> None:
    empty = NeighbourLists(np.empty((n, 1), np.int32), np.empty((n, 1), np.float32), np.empty(n, np.float32))
    found = boruvka(empty, TileSearch(gaussian(n, 2)))
    assert found.edges.shape == (0, 2) and found.rounds == 0

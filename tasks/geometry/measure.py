"""Everything the stage measures on one set of vectors, and its tables."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from pydantic import JsonValue

from storage.errors import InputError
from storage.progress import progress
from storage.schemas import EDGES, NEIGHBOURS
from tasks.geometry.config import GeometryConfig
from tasks.geometry.duplicates import DuplicateGroups, duplicate_groups
from tasks.geometry.mst import SpanningTree, minimum_spanning_tree
from tasks.geometry.neighbours import Neighbours, knn
from tasks.geometry.uniformity import treg_uniformity

DUPLICATES = pa.schema([("id", pa.uint64()), ("group", pa.uint64())])


@dataclass(frozen=True)
class Geometry:
    """Tables by file name, and the stats."""

    tables: Mapping[str, pa.Table]
    stats: Mapping[str, JsonValue]


def measure_geometry(
    ids: np.ndarray, vectors: np.ndarray, config: GeometryConfig, *, device: str = "cpu", workers: int = 1
) -> Geometry:
    """The neighbour graph, the spanning tree and what they say. ids uint64 `[n]` ascending, vectors float32 `[n, d]`.

    Raises `InputError` for fewer than two vectors.
    """
    n, d = vectors.shape
    if n < 2:
        raise InputError(f"a spanning tree needs at least 2 embeddings, not {n}; is the selection empty?")
    with progress(n, "neighbours", unit="row") as bar:
        tree = minimum_spanning_tree(
            vectors, method=config.method, neighbours=config.neighbours, index=config.index,
            device=device, workers=workers, advance=bar.update,
        )  # fmt: skip
    graph = tree.neighbours or knn(vectors, config.neighbours, index=config.index, device=device, workers=workers)
    groups = duplicate_groups(tree, config.duplicate_distance)
    stats: dict[str, JsonValue] = {
        "points": n,
        "dimension": d,
        "modality": config.modality,
        "mst_length": tree.length,
        "mean_edge": tree.length / (n - 1),
        "certified_fraction": tree.certified_fraction,
        "uniformity": treg_uniformity(tree.length, n, d),
        "duplicate_groups": groups.groups,
        "duplicate_rows": len(groups.positions) - groups.groups,
        "exact_repetitions": tree.repetitions,
        "requeries": tree.requeries,
        "method": tree.method,
        "neighbour_method": graph.method,
        "exact": tree.exact,
        "excess": _excess(tree),
    }
    tables = {
        "edges.parquet": _edges(ids, tree),
        "neighbours.parquet": _neighbours(ids, graph),
        "duplicates.parquet": _duplicates(ids, groups),
    }
    return Geometry(tables, stats)


def _excess(tree: SpanningTree) -> JsonValue:
    if tree.excess is None:
        return None
    found = tree.excess
    known = np.isfinite(found.standard_error)
    return {
        "relative_bound": found.bound / tree.length if known and tree.length else None,
        "relative_standard_error": found.standard_error / tree.length if known and tree.length else None,
        "assessed": found.assessed,
        "unassessed": found.unassessed,
    }


def _edges(ids: np.ndarray, tree: SpanningTree) -> pa.Table:
    columns = [ids[tree.edges[:, 0]], ids[tree.edges[:, 1]], tree.lengths.astype(np.float32), tree.certified]
    return pa.table([pa.array(column) for column in columns], schema=EDGES)


def _neighbours(ids: np.ndarray, graph: Neighbours) -> pa.Table:
    present = graph.positions >= 0
    offsets = np.concatenate([[0], np.cumsum(present.sum(axis=1))]).astype(np.int32)
    near = pa.ListArray.from_arrays(pa.array(offsets), pa.array(ids[graph.positions[present]]))
    far = pa.ListArray.from_arrays(pa.array(offsets), pa.array(graph.distances[present]))
    return pa.table([pa.array(ids), near, far], schema=NEIGHBOURS)


def _duplicates(ids: np.ndarray, groups: DuplicateGroups) -> pa.Table:
    return pa.table([pa.array(ids[groups.positions]), pa.array(ids[groups.group])], schema=DUPLICATES)

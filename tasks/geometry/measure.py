"""Everything the stage measures on one set of vectors, and its tables."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from pydantic import JsonValue

from storage.errors import InputError
from storage.progress import progress
from storage.tables.lookup import places_in
from storage.tables.schemas import EDGES, NEIGHBOURS
from tasks.geometry.config import GeometryConfig
from tasks.geometry.neighbours.knn import Neighbours, knn
from tasks.geometry.shape.dimension import intrinsic_dimension
from tasks.geometry.shape.diversity import diversity
from tasks.geometry.shape.entropy import renyi_entropy
from tasks.geometry.shape.uniformity import treg_uniformity
from tasks.geometry.tree.automatic_distance import unlikely_distance
from tasks.geometry.tree.mst import SpanningTree, minimum_spanning_tree
from tasks.geometry.tree.near_duplicates import DuplicateGroups, duplicate_groups

DUPLICATES = pa.schema([("id", pa.uint64()), ("group", pa.uint64())])


@dataclass(frozen=True)
class Geometry:
    """Tables by file name, and the stats."""

    tables: Mapping[str, pa.Table]
    stats: Mapping[str, JsonValue]


def measure_geometry(
    ids: np.ndarray,
    vectors: np.ndarray,
    config: GeometryConfig,
    selected: pa.Table | None = None,
    *,
    device: str = "cpu",
    workers: int = 1,
) -> Geometry:
    """The neighbour graph, the spanning tree and what they say. ids uint64 `[n]` ascending, vectors float32 `[n, d]`.

    selected: id and multiplicity of the rows to measure (each once); None measures all. Raises `InputError` for fewer
    than two vectors.
    """
    whole_ids, whole, multiplicity = ids, vectors, None
    if selected is not None:
        ids, vectors, multiplicity = _only(ids, vectors, selected)
    n, d = vectors.shape
    if n < 2:
        raise InputError(f"a spanning tree needs at least 2 embeddings, not {n}; is the selection empty?")
    with progress(n, "neighbours", unit="row") as bar:
        tree = minimum_spanning_tree(
            vectors, method=config.method, neighbours=config.neighbours, index=config.index,
            device=device, workers=workers, advance=bar.update,
        )  # fmt: skip
    graph = tree.neighbours or knn(vectors, config.neighbours, index=config.index, device=device, workers=workers)
    found = shape(vectors, seed=config.seed)
    near = config.duplicate_distance
    if near is None:
        near = unlikely_distance(tree.lengths, _dimension(found))
    groups = duplicate_groups(tree, near)
    stats: dict[str, JsonValue] = {
        "points": n,
        "dimension": d,
        "modality": config.modality,
        "mst_length": tree.length,
        "mean_edge": tree.length / (n - 1),
        "certified_fraction": tree.certified_fraction,
        "uniformity": treg_uniformity(tree.length, d),
        "median_edge": float(np.median(tree.lengths)),
        "duplicate_distance": near,
        "duplicate_groups": groups.groups,
        "duplicate_rows": len(groups.positions) - groups.groups,
        "exact_repetitions": tree.repetitions,
        "requeries": tree.requeries,
        "method": tree.method,
        "neighbour_method": graph.method,
        "exact": tree.exact,
        "excess": _excess(tree),
        **found,
        "diversity": _compared(whole_ids, whole, ids, vectors, multiplicity, config, workers),
    }
    tables = {
        "edges.parquet": _edges(ids, tree),
        "neighbours.parquet": _neighbours(ids, graph),
        "duplicates.parquet": _duplicates(ids, groups),
    }
    return Geometry(tables, stats)


def _only(ids: np.ndarray, vectors: np.ndarray, selected: pa.Table) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The selected rows among the embedded ones, ascending by id, with their multiplicities."""
    wanted = selected["id"].to_numpy()
    order = np.argsort(wanted, kind="stable")
    places, known = places_in(wanted[order], ids)
    return ids[known], vectors[known], selected["multiplicity"].to_numpy()[order[places[known]]]


def _dimension(found: Mapping[str, JsonValue]) -> float | None:
    """The estimate among the stats of `shape`."""
    estimate = found["intrinsic_dimension"]
    return float(str(estimate["estimate"])) if isinstance(estimate, dict) else None


def shape(vectors: np.ndarray, *, seed: int = 0) -> dict[str, JsonValue]:
    """Intrinsic dimension with its interval, and the Rényi entropy that follows; None for too few points."""
    try:
        found = intrinsic_dimension(vectors, seed=seed)
    except InputError:
        return {"intrinsic_dimension": None, "renyi_entropy": None}
    entropy: JsonValue = None
    if found.dimension > 1 and found.mean_edges[-1] > 0:
        result = renyi_entropy(found.mean_edges[-1], found.points, found.dimension)
        entropy = {"nats": result.entropy, "order": result.order}
    estimate = {"estimate": found.dimension, "low": found.low, "high": found.high, "raw": found.raw}
    return {"intrinsic_dimension": {**estimate, "points": found.points}, "renyi_entropy": entropy}


def _compared(
    whole_ids: np.ndarray,
    whole: np.ndarray,
    ids: np.ndarray,
    vectors: np.ndarray,
    multiplicity: np.ndarray | None,
    config: GeometryConfig,
    workers: int,
) -> JsonValue:
    """Diversity of the measured rows, copies included, and of all rows, at equal size."""
    copies = len(ids) if multiplicity is None else int(multiplicity.sum())
    size = min(config.diversity_size, copies, len(whole_ids))

    def drawn(some_ids: np.ndarray, some: np.ndarray, counts: np.ndarray | None) -> JsonValue:
        return dataclasses.asdict(
            diversity(
                some_ids, some, size=size, multiplicity=counts, draws=config.diversity_draws, seed=config.seed,
                workers=workers,
            )
        )  # fmt: skip

    measured = drawn(ids, vectors, multiplicity)
    return {"measured": measured, "all": measured if multiplicity is None else drawn(whole_ids, whole, None)}


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

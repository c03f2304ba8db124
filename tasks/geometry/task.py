"""The geometry stages: the only file here that knows of caching and Prefect."""

from collections.abc import Mapping, Sequence

from pydantic import JsonValue

from storage.caching import stage
from storage.manifest import Manifest
from storage.shards import read_table, write_table
from storage.workspace import Workspace
from tasks.geometry.config import GeometryConfig


@stage("geometry", version=1, modules=("tasks.geometry",))
def geometry(
    config: GeometryConfig, embeddings: Sequence[Manifest], selection: Manifest | None = None, *, work: Workspace
) -> Mapping[str, JsonValue]:
    """Measure the embeddings of a data set, or of the rows that a selection keeps (each once).

    Writes `edges.parquet` (the spanning tree), `neighbours.parquet` and `duplicates.parquet` (id, and the id that
    represents its group of near-duplicates).
    """
    from tasks.geometry.measure import measure_geometry  # torch, numba and faiss: only where used
    from tasks.geometry.vectors import read_vectors

    paths = [path for manifest in embeddings for path in work.paths(manifest, "embeddings-*.parquet")]
    selected = None
    if selection is not None:
        selected = read_table(work.path(selection, "selection.parquet"), ["id"])["id"].to_numpy()
    ids, vectors = read_vectors(paths, config.modality, selected)
    result = measure_geometry(ids, vectors, config, device=work.runtime.device, workers=work.runtime.workers)
    for name, table in result.tables.items():
        write_table(work.output / name, table)
    return result.stats

"""The geometry stages: the only file here that knows of caching and Prefect."""

from collections.abc import Sequence

from storage.caching.stage import stage
from storage.record.manifest import Manifest
from storage.store.workspace import Workspace
from storage.tables.shards import read_table, write_table
from tasks.geometry.config import GeometryConfig
from tasks.geometry.stats import ConceptsStats, GeometryStats


@stage(
    "geometry",
    version=2,
    on_device=True,
    modules=("tasks.geometry.measure", "tasks.geometry.read_vectors"),
    less_memory="set `geometry.index: ivfpq`, which compresses the vectors, or measure on `device: cpu`",
)
def geometry(
    config: GeometryConfig,
    embeddings: Sequence[Manifest],
    selection: Sequence[Manifest] | None = None,
    *,
    work: Workspace,
) -> GeometryStats:
    """Measure the embeddings of a data set, or of the rows that a selection keeps (each once).

    Writes `edges.parquet` (the spanning tree), `neighbours.parquet` and `duplicates.parquet` (id, and the id that
    represents its group of near-duplicates). With a selection, its diversity is compared with the whole's.
    """
    from tasks.geometry.measure import measure_geometry  # torch, numba and faiss: only where used
    from tasks.geometry.read_vectors import read_vectors

    ids, vectors = read_vectors(work.shards(embeddings, "embeddings-*.parquet"), config.modality)
    selected = None
    if selection is not None:
        selected = read_table(work.shards(selection, "selection-*.parquet"), ["id", "multiplicity"])
    result = measure_geometry(ids, vectors, config, selected, device=work.device, workers=work.runtime.workers)
    for name, table in result.tables.items():
        write_table(work.output / name, table)
    return GeometryStats.model_validate(result.stats)


@stage("concepts", version=1, modules=("tasks.geometry.shape.concept_density",))
def concepts(geometry: Manifest, matches: Sequence[Manifest], *, work: Workspace) -> ConceptsStats:
    """How densely each keyword's rows lie among the measured rows: `concepts.parquet`."""
    from tasks.geometry.shape.concept_density import density_of_matches

    near = read_table(work.path(geometry, "neighbours.parquet"), ["id", "distances"])
    paths = work.shards(matches, "matches-*.parquet")
    measured = GeometryStats.of(geometry).intrinsic_dimension
    table = density_of_matches(near, paths, measured.estimate if measured else 1.0)
    write_table(work.output / "concepts.parquet", table)
    return ConceptsStats(concepts=table.num_rows, dimension=measured.estimate if measured else None)

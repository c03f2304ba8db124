"""DataComp as a source: light, because plans are made by whoever draws a graph."""

from collections.abc import Iterator, Sequence

from storage.places.place import Place
from storage.places.remember import remembered
from tasks.ingest.files.shards import shard_files
from tasks.ingest.pictures.paths import require_file
from tasks.ingest.rows.batches import Batch
from tasks.ingest.rules import Group, blocks
from tasks.ingest.sources.datacomp.config import TARS, DataCompConfig
from tasks.ingest.sources.source import Source, provenance
from tasks.ingest.tables.forms.parquet import open_parquet
from tasks.ingest.tables.plan import found_files, plan_files, root_of

REST = "what no other group sees"
"""The file that the last group names: it looks for rows without an image, and for uids that no table holds."""


def _plan(config: DataCompConfig) -> tuple[Group, ...]:
    root, names = root_of(config.path), found_files(config.path, config.pattern, config.name, config.links_to)

    def rows(name: str) -> int:
        path = root / name
        columns = config.columns_of_tables
        return remembered("rows", path, lambda: int(open_parquet(path, config.name, columns).metadata.num_rows))

    if config.tars is not None:
        groups = blocks(shard_files(config.tars, TARS, config.name)[1])
    else:
        groups = plan_files(names, rows, config.rows_a_run(images=False))
    return groups if config.tars is None and config.subset is None else (*groups, Group(files=(REST,)))


def _files(config: DataCompConfig, group: Group) -> tuple[Place, ...]:
    """The subset if there is one, then tables, then tars."""
    root, rest = root_of(config.path), group.files == (REST,)
    every = found_files(config.path, config.pattern, config.name, config.links_to)
    names = every if rest or config.tars is not None else group.files
    tables = tuple(require_file(root / name, f"table of the source {config.name!r}") for name in names)
    subset = () if config.subset is None else (require_file(config.subset, f"subset of the source {config.name!r}"),)
    if config.tars is None:
        return subset + tables
    folder, tars = shard_files(config.tars, TARS, config.name)
    return subset + tables + tuple(folder / name for name in (tars if rest else group.files))


def _batches(config: DataCompConfig, group: Group, files: Sequence[Place]) -> Iterator[Batch]:
    from tasks.ingest.sources.datacomp.read import read_datacomp  # numba

    return read_datacomp(config, group, files, rest=group.files == (REST,))


DATACOMP = Source[DataCompConfig](
    plan=_plan, files=_files, batches=_batches, images=lambda config: provenance(config.tars is not None)
)

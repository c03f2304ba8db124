"""Embeddings of the curated rows as `.npy` files with their rows' data beside them, under clip-retrieval's names."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from storage.export.parts import Finished, Job, Part, Tell, Written, origin_of, write_parts
from storage.export.record import REJECTED_NAME, Export, PartRecord
from storage.export.samples import Rejection, rejected_table
from storage.tables.lookup import places_in
from storage.tables.schemas import KEPT, Carried
from storage.tables.shards import open_shard, read_table, write_table

NAMES = {"image": "img_emb", "text": "text_emb"}


@dataclass(frozen=True)
class EmbeddedShard:
    """One shard of pairs, its rows that are selected, and their embeddings: three files."""

    pairs: Path
    selection: Path
    embeddings: Path


def write_embeddings(shards: Sequence[EmbeddedShard], directory: Path, job: Job | None = None) -> Export:
    """`img_emb/img_emb_<n>.npy`, `text_emb/text_emb_<n>.npy` `[rows, d]`, and `metadata/metadata_<n>.parquet`.

    Row i of all three is the same selected pair, once, in the order of the source; vectors are of length 1 and have the
    type in which they were stored. The metadata have `image_path`, `caption`, `id`, `key`, `weight`,
    `multiplicity`, and the texts that were kept, such as `url`. Selected rows that were not embedded are in
    `rejected.parquet`.

    Args:
        shards: what belongs together.
        directory: must not exist, be empty, or hold this very export.
        job: what the shards are, and how the export is done.

    Raises:
        InputError: `directory` holds something else, or no selected row was embedded.
    """
    job = job or Job(origin_of([path for each in shards for path in (each.pairs, each.selection, each.embeddings)]))
    digits = len(str(max(0, len(shards) - 1)))
    parts = [
        Part(pq.read_metadata(each.selection).num_rows, _Files(each, f"{number:0{digits}d}").write)
        for number, each in enumerate(shards)
    ]
    return write_parts(directory, "embeddings", {}, parts, _finish, job)


@dataclass(frozen=True)
class _Files:
    shard: EmbeddedShard
    number: str

    def write(self, directory: Path, tell: Tell) -> Written:
        chosen = read_table(self.shard.selection, ["id", "weight", "multiplicity", "row"])
        ids = read_table(self.shard.embeddings, ["id"])["id"].to_numpy()
        order = np.argsort(ids, kind="stable")
        place, found = places_in(ids[order], chosen["id"].to_numpy())
        rows, row_of = _Rows(self.shard.pairs), chosen["row"].to_numpy().astype(np.int64)
        lost = [
            Rejection(key, "no embedding", "it was not embedded")
            for key in rows.take(row_of[~found], "key").to_pylist()
        ]
        kept = chosen.filter(pa.array(found))
        files = []
        for column in [name for name in NAMES if name in pq.read_schema(self.shard.embeddings).names]:
            name = f"{NAMES[column]}/{NAMES[column]}_{self.number}.npy"
            (directory / name).parent.mkdir(exist_ok=True)
            vectors = _matrix(read_table(self.shard.embeddings, [column])[column])
            np.save(directory / name, vectors[order[place[found]]])
            files.append(name)
            tell(0, (directory / name).stat().st_size)
        name = f"metadata/metadata_{self.number}.parquet"
        (directory / name).parent.mkdir(exist_ok=True)
        metadata = {
            "image_path": rows.take(row_of[found], "image.path"),
            "caption": rows.take(row_of[found], "caption"),
            "id": kept["id"],
            "key": rows.take(row_of[found], "key"),
            "weight": kept["weight"],
            "multiplicity": kept["multiplicity"],
        }
        for field in rows.kept:
            metadata.setdefault(field, rows.take(row_of[found], f"{KEPT}.{field}"))
        write_table(directory / name, pa.table(metadata))
        tell(len(chosen), (directory / name).stat().st_size)
        return Written((*files, name), len(kept), tables={REJECTED_NAME: rejected_table(lost)})


@dataclass(frozen=True)
class _Rows:
    """Columns of a shard of pairs, without the bytes of its images."""

    path: Path

    @property
    def kept(self) -> tuple[str, ...]:
        """The texts that the rows carry, by name."""
        return tuple(sorted(Carried.of([pq.read_schema(self.path)]).kept))

    def take(self, rows: npt.NDArray[np.int64], column: str) -> pa.Array:
        """Some rows of a column; `image.path` is a part of one."""
        with open_shard(self.path) as file:
            table = file.read(columns=[column])
        values = table[column.partition(".")[0]].combine_chunks()
        if "." in column:
            values = values.field(column.partition(".")[2])
        return values.take(pa.array(rows))


def _matrix(vectors: pa.ChunkedArray) -> npt.NDArray[np.floating]:
    flat: npt.NDArray[np.floating] = vectors.combine_chunks().flatten().to_numpy(zero_copy_only=False)
    return flat.reshape(len(vectors), -1)


def _finish(directory: Path, parts: Sequence[PartRecord]) -> Finished:
    return Finished()

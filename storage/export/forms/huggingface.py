"""A data set's folder as the Hugging Face hub and `datasets` have it: Parquet in `data/`, a card, a Croissant file."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import yaml
from pydantic import JsonValue

from storage.export.croissant import About, Split, croissant, describe_file
from storage.export.parts import Finished, Job, Part, Tell, Written, origin_of, write_json, write_parts
from storage.export.record import Export, PartRecord
from storage.hashing import hash_json
from storage.tables.references import embedded
from storage.tables.schemas import CURATED, Carried, with_carried
from storage.tables.shards import open_shard

SIZES = (("n<1K", 10**3), ("1K<n<10K", 10**4), ("10K<n<100K", 10**5), ("100K<n<1M", 10**6), ("1M<n<10M", 10**7),
         ("10M<n<100M", 10**8), ("100M<n<1B", 10**9))  # fmt: skip
_LICENCE = re.compile(r"[a-z0-9][a-z0-9.+-]*")


def write_huggingface(
    splits: Mapping[str, Sequence[Path]], directory: Path, job: Job | None = None, *, about: About, card: str
) -> Export:
    """`data/train-00000-of-000NN.parquet`, … row for row the curated shards; `README.md`; `croissant.json`.

    Each row stands once, with its `weight`, `multiplicity` and the rest. Files are cut by content into pages
    (content-defined chunking) with an index, so that stores which keep equal pieces once, such as the hub, keep one
    copy of what two versions of a data set share.

    Args:
        splits: curated shards by split, such as train and validation; each gives one file.
        directory: must not exist, be empty, or hold this very export.
        job: what the shards are, and how the export is done.
        about: the data set, to programs.
        card: Markdown, for the README below its YAML header.

    Raises:
        InputError: `directory` holds something else.
    """
    splits = {name: list(paths) for name, paths in splits.items() if paths}
    every = [path for paths in splits.values() for path in paths]
    schema = with_carried(CURATED, Carried.of(map(pq.read_schema, every)))
    job = job or Job(origin_of(every))
    parts = [
        Part(
            pq.read_metadata(path).num_rows,
            _File(path, f"{name}-{number:05d}-of-{len(paths):05d}.parquet", name, schema).write,
        )
        for name, paths in splits.items()
        for number, path in enumerate(paths)
    ]

    def finish(folder: Path, records: Sequence[PartRecord]) -> Finished:
        described = [
            Split(
                name,
                [describe_file(folder / part.files[0].path, part.files[0].path)
                 for part in records if part.facts["split"] == name],
                [f"data/{name}-*.parquet"],
            )
            for name in splits
        ]  # fmt: skip
        write_json(folder / "croissant.json", croissant(about, described, schema))
        rows = {name: sum(part.rows for part in records if part.facts["split"] == name) for name in splits}
        (folder / "README.md").write_text(f"---\n{_header(about, rows)}---\n\n{card}", encoding="utf-8")
        return Finished(("README.md", "croissant.json"))

    settings: dict[str, JsonValue] = {"card": hash_json([card, repr(about)])}
    return write_parts(directory, "huggingface", settings, parts, finish, job)


@dataclass(frozen=True)
class _File:
    path: Path
    name: str
    split: str
    schema: pa.Schema

    def write(self, directory: Path, tell: Tell) -> Written:
        target = directory / "data" / self.name
        target.parent.mkdir(exist_ok=True)
        rows = 0
        with pq.ParquetWriter(
            target,
            self.schema,
            compression="zstd",
            use_dictionary=["source"],
            use_content_defined_chunking=True,
            write_page_index=True,
        ) as writer:
            for table in _groups(self.path, self.schema):
                writer.write_table(table, row_group_size=max(1, table.num_rows))
                rows += table.num_rows
                tell(
                    table.num_rows, int(pc.sum(pc.binary_length(pc.struct_field(table["image"], "bytes"))).as_py() or 0)
                )
        return Written((f"data/{self.name}",), rows, {"split": self.split})


def _groups(path: Path, schema: pa.Schema) -> Iterator[pa.Table]:
    with open_shard(path) as file:
        for group in range(file.num_row_groups):
            table = file.read_row_group(group).cast(schema)
            place = table.schema.get_field_index("image")
            yield table.set_column(place, table.schema.field(place), embedded(table["image"]))


def _header(about: About, rows: dict[str, int]) -> str:
    """The README's YAML: which files are which split, and what the hub wants to know."""
    total = sum(rows.values())
    size = next((name for name, limit in SIZES if total < limit), "n>1B")
    header: dict[str, object] = {
        "pretty_name": about.name,
        "license": about.licence if _LICENCE.fullmatch(about.licence) else "other",
        "task_categories": ["zero-shot-image-classification", "image-to-text", "text-to-image"],
        "size_categories": [size],
        "tags": ["image-text", "data-curation", "balanced", "equipoise", "croissant"],
        "configs": [
            {
                "config_name": "default",
                "data_files": [{"split": name, "path": f"data/{name}-*.parquet"} for name in rows],
            }
        ],
    }
    return yaml.safe_dump(header, sort_keys=False, allow_unicode=True)

"""Parquet files in Hugging Face's convention: one image column, captions, and perhaps labels and keys."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from tasks.ingest.files.columns import ImageValue
from tasks.ingest.pictures.images import ImageFolder, LoadedImage, Unusable, inspect_image
from tasks.ingest.rows.acceptance import accept
from tasks.ingest.rows.row import Pair, Rejection
from tasks.ingest.rules import Group
from tasks.ingest.sources.huggingface.config import HuggingFaceParquetConfig
from tasks.ingest.sources.huggingface.parquet import class_names, open_parquet
from tasks.ingest.sources.huggingface.plan import files_of, plan_parquet
from tasks.ingest.sources.huggingface.records import Record, records
from tasks.ingest.sources.source import Source, first
from tasks.ingest.text import is_unicode


def read_huggingface_parquet(
    config: HuggingFaceParquetConfig, group: Group, files: Sequence[Path]
) -> Iterator[Pair | Rejection]:
    """The group's rows, in order; slices count rows over all of its files.

    `files` are the paths of `group.files`, then the folder of images if one is named.
    A row's key is its `key_column`, or `<file>:<row>`; a list of captions makes one pair each, with `#0`, `#1`, …
    after the key. Duplicate keys are found within the group's files. Raises `InputError` for a file that is missing
    or not Parquet, and for columns that are absent or of the wrong type.
    """
    count = len(group.files)
    folder = first(files[count:])
    images = None if folder is None else ImageFolder(folder, config)
    opened = [(name, open_parquet(path, config)) for name, path in zip(group.files, files[:count], strict=True)]
    wanted = group.rows(sum(file.metadata.num_rows for _, file in opened))
    seen: set[str] = set()
    passed = 0  # rows of the files before
    for name, file in opened:
        for row, record in records(file, config, wanted, passed):
            key = f"{name}:{row}" if config.key_column is None else record.key
            where = f"{name} row {row}"
            if key is None or not is_unicode(key):
                if passed + row >= wanted.start:
                    fault = "null" if key is None else "not UTF-8"
                    yield Rejection(where, "malformed row", f"{where}: the key in {config.key_column!r} is {fault}")
                continue
            repeated = key in seen
            if config.key_column is not None:
                seen.add(key)
            if passed + row < wanted.start:
                continue  # read for its key alone
            if repeated:
                yield Rejection(key, "duplicate key", f"{where} repeats the key of an earlier row")
                continue
            yield from _pairs(key, record, config, images, where)
        passed += file.metadata.num_rows


def _pairs(
    key: str, record: Record, config: HuggingFaceParquetConfig, images: ImageFolder | None, where: str
) -> Iterator[Pair | Rejection]:
    loaded: list[LoadedImage | Unusable | None] = []  # looked at once for all captions of the row

    def image() -> LoadedImage | Unusable | None:
        if not loaded:
            loaded.append(None if config.image_column is None else _image(record.image, config, images))
        return loaded[0]

    captioned = config.caption_column is not None
    several = isinstance(record.captions, list)
    texts = record.captions if isinstance(record.captions, list) else [record.captions]
    if not texts:
        yield Rejection(key, "empty caption", f"{where}: an empty list of captions")
    for number, text in enumerate(texts):
        own_key = f"{key}#{number}" if several else key
        yield accept(own_key, text, config, image=image, label=record.label, where=where, captioned=captioned)


def _image(value: ImageValue, config: HuggingFaceParquetConfig, images: ImageFolder | None) -> LoadedImage | Unusable:
    content, path = value
    if content is not None:
        problem = inspect_image(content, config)
        return LoadedImage(content, path) if problem is None else problem
    if path is None:
        return Unusable("missing image", "neither bytes nor a path")
    if images is None:
        return Unusable("missing image", f"{path}: no bytes, and the source names no folder of images")
    return images.load(path)


def _provenance(config: HuggingFaceParquetConfig) -> str:
    return "the row's own" if config.image_column is not None else "none"


def _class_names(config: HuggingFaceParquetConfig, files: Sequence[Path]) -> Sequence[str]:
    if config.class_names or not files:
        return config.class_names
    return class_names(open_parquet(files[0], config), config.label_column)


HUGGINGFACE_PARQUET = Source(
    plan=plan_parquet,
    files=files_of,
    rows=read_huggingface_parquet,
    images=_provenance,
    class_names=_class_names,
)

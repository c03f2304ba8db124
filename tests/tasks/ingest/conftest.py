"""Small sources on disk, and every row that a source gives."""

import io
from collections.abc import Callable, Iterable
from pathlib import Path

import pyarrow as pa
import pytest
from PIL import Image

from storage.tables.schemas import PAIRS, REJECTED
from tasks.ingest.config import SourceConfig
from tasks.ingest.groups import sources_of
from tasks.ingest.read import read_source
from tasks.ingest.rows.batches import Batch
from tasks.ingest.rules import Group


def image_bytes(colour: str = "red", size: tuple[int, int] = (8, 6), kind: str = "JPEG") -> bytes:
    """A small valid image file."""
    buffer = io.BytesIO()
    Image.new("RGB", size, colour).save(buffer, format=kind)
    return buffer.getvalue()


def rows_of(config: SourceConfig, groups: tuple[Group, ...] = (Group(),)) -> tuple[list[dict], list[dict]]:
    """Accepted and rejected rows, over some groups in order."""
    accepted: list[dict] = []
    rejected: list[dict] = []
    for group in groups:
        for batch in read_source(config, group, sources_of(config, group)):
            accepted += batch.pairs.to_pylist()
            rejected += batch.rejected.to_pylist()
    return accepted, rejected


def whole_tables(batches: Iterable[Batch]) -> tuple[pa.Table, pa.Table]:
    """Accepted and rejected rows of some batches, checked for what Arrow itself does not: that texts are UTF-8."""
    found = list(batches)
    pairs = pa.concat_tables([PAIRS.empty_table(), *(batch.pairs for batch in found)]).combine_chunks()
    rejected = pa.concat_tables([REJECTED.empty_table(), *(batch.rejected for batch in found)]).combine_chunks()
    pairs.validate(full=True)
    rejected.validate(full=True)
    return pairs, rejected


@pytest.fixture
def image_folder(tmp_path: Path) -> Path:
    """An ImageNet-like tree: two classes, two images each."""
    root = tmp_path / "images"
    for wnid, colour in (("n01", "red"), ("n02", "blue")):
        (root / wnid).mkdir(parents=True)
        for name in ("1.jpg", "2.jpg"):
            (root / wnid / name).write_bytes(image_bytes(colour))
    return root


@pytest.fixture
def write_table(tmp_path: Path) -> Callable[[bytes], Path]:
    """Writes the given bytes as a table below a correct header."""

    def write(body: bytes, header: bytes = b"title\tfilepath\n") -> Path:
        path = tmp_path / "titles.csv"
        path.write_bytes(header + body)
        return path

    return write

"""A curated set as others' code reads it: as an Arrow dataset, or as (picture, caption) for a torch loader."""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing import Value
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.dataset
import pyarrow.parquet as pq
from PIL import Image
from torch.utils.data import IterableDataset
from webdataset.utils import pytorch_worker_info

from storage.tables.references import embedded
from storage.tables.shards import open_shard, read_table
from tasks.ingest.pictures.render import render

Example = tuple[Any, Any]


@dataclass(frozen=True)
class CuratedSet:
    """The shards of a curated set.

    Attributes:
        paths: in order; rows lie in them in a random order.
    """

    paths: tuple[Path, ...]

    def arrow(self) -> pyarrow.dataset.Dataset:
        """Every row once, with `weight`, `inclusion` and `multiplicity`; nothing is read yet."""
        checked = pyarrow.dataset.ParquetFragmentScanOptions(page_checksum_verification=True)
        shards = pyarrow.dataset.ParquetFileFormat(default_fragment_scan_options=checked)
        return pyarrow.dataset.dataset([str(path) for path in self.paths], format=shards)

    def torch(
        self,
        transform: Callable[[Image.Image], Any] | None = None,
        tokenizer: Callable[[str], Any] | None = None,
        *,
        seed: int = 0,
    ) -> "CuratedPairs":
        """(picture, caption) of every copy of every row that has a picture, for a `DataLoader` with any workers.

        Args:
            transform: of a picture, upright, on white, RGB; None: the picture.
            tokenizer: of a caption; None: the caption.
            seed: of the order.
        """
        return CuratedPairs(self.paths, transform, tokenizer, seed)


@dataclass(frozen=True)
class _Piece:
    """Rows of one row group of which the same copy is meant."""

    path: Path
    group: int
    copy: int


class CuratedPairs(IterableDataset[Example]):
    """Every copy of every row with a picture, exactly once an epoch over all nodes and workers.

    Row groups go in an order of the seed, the epoch and the copy, each to one worker; first every row comes once, then
    every second copy, and so on, so that copies lie apart. In memory is one row group a worker.
    """

    def __init__(
        self,
        paths: Sequence[Path],
        transform: Callable[[Image.Image], Any] | None,
        tokenizer: Callable[[str], Any] | None,
        seed: int,
    ) -> None:
        self._transform, self._tokenizer, self._seed = transform, tokenizer, seed
        self._epoch = Value("q", 0)
        self._pieces = [piece for path in paths for piece in _pieces(path)]

    def set_epoch(self, epoch: int) -> None:
        """Which order comes next, also in workers that live on. Without it every epoch has the order of the first."""
        self._epoch.value = epoch

    def __iter__(self) -> Iterator[Example]:
        rank, nodes, worker, workers = pytorch_worker_info()
        rng = random.Random(f"{self._seed} {self._epoch.value}")
        pieces = [(piece.copy, rng.random(), place) for place, piece in enumerate(self._pieces)]
        for number, (_, _, place) in enumerate(sorted(pieces)):
            order = np.random.default_rng(rng.getrandbits(64))
            if number % (nodes * workers) == rank * workers + worker:
                yield from self._examples(self._pieces[place], order)

    def _examples(self, piece: _Piece, order: np.random.Generator) -> Iterator[Example]:
        with open_shard(piece.path) as file:
            table = file.read_row_group(piece.group, columns=["caption", "image", "multiplicity"])
        content = embedded(table["image"]).field("bytes")
        drawn = (table["multiplicity"].to_numpy() > piece.copy) & content.is_valid().to_numpy(zero_copy_only=False)
        for row in order.permutation(np.flatnonzero(drawn)).tolist():
            caption, picture = table["caption"][row].as_py(), render(content[row].as_py())
            yield (
                picture if self._transform is None else self._transform(picture),
                caption if self._tokenizer is None else self._tokenizer(caption),
            )


def _pieces(path: Path) -> Iterator[_Piece]:
    multiplicity = read_table(path, ["multiplicity"])["multiplicity"].to_numpy()
    footer, start = pq.read_metadata(path), 0
    for group in range(footer.num_row_groups):
        end = start + footer.row_group(group).num_rows
        for copy in range(int(multiplicity[start:end].max(initial=0))):
            yield _Piece(path, group, copy)
        start = end

"""A stream of blocks: the same blocks for any files, rows that are gone left out, malformed tables refused."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from storage.errors import InputError
from storage.tables import shards as shard_files
from storage.tables.schemas import MATCHES
from storage.tables.shards import write_table
from tasks.balancing.matrix import match_stream
from tasks.balancing.matrix.incidence import Incidence
from tasks.balancing.matrix.mappers import mapped
from tasks.balancing.matrix.match_stream import MatchBlock, MatchStream, as_block
from tests.tasks.balancing.examples import random_matrix, write_shards

GONE = (0, 1, 99, 100, 250, 799)


def write(path: Path, entries: list[list[int] | None]) -> Path:
    ids = pa.array(range(70, 70 + len(entries)), pa.uint64())
    write_table(path, pa.table({"id": ids, "entries": entries}, schema=MATCHES))
    return path


def sums(stream: MatchStream) -> np.ndarray:
    """Floating-point sums whose last bits depend on which rows are added first."""
    total = np.zeros(stream.columns)

    def split(block: MatchBlock) -> np.ndarray:
        degrees = np.diff(block.indptr)
        shares = np.repeat(1.0 / np.maximum(degrees, 1), degrees)
        return np.bincount(block.indices, weights=shares, minlength=stream.columns)

    for part in stream.map(split):
        total += part
    return total


def same(a: MatchBlock, b: MatchBlock) -> bool:
    return a.gone == b.gone and np.array_equal(a.indptr, b.indptr) and np.array_equal(a.indices, b.indices)


@pytest.mark.parametrize("cut", [1, 7, [100], [0, 0, 333, 334, 800]], ids=str)
@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize("held", [0, 2_000, 1 << 20])
def test_blocks_are_the_same_to_the_bit_for_any_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cut: object, workers: int, held: int
) -> None:
    matrix = random_matrix(800, 20, 3, empty=True)
    monkeypatch.setattr(match_stream, "ROWS_PER_BLOCK", 130)
    whole = MatchStream(write_shards(matrix, tmp_path / "whole", 1, GONE), 20)
    monkeypatch.setattr(shard_files, "ROWS_PER_GROUP", 40)  # row groups that no block ends with
    parts = MatchStream(write_shards(matrix, tmp_path / "parts", cut, GONE), 20, mapper=mapped(workers), held=held)
    assert (parts.rows, len(parts)) == (800, 7) == (whole.rows, len(whole))
    wanted = sums(whole)
    for _ in range(2):  # read, and then perhaps from memory
        np.testing.assert_array_equal(sums(parts), wanted)
        assert all(same(parts.block(number), whole.block(number)) for number in range(7))


def test_rows_that_are_gone_have_no_place(tmp_path: Path) -> None:
    matrix = random_matrix(800, 20, 3, empty=True)
    left = matrix.take(np.setdiff1d(np.arange(800), GONE))
    stream = MatchStream(write_shards(matrix, tmp_path / "gone", 4, GONE), 20)
    rebuilt = MatchStream(write_shards(left, tmp_path / "rebuilt", 3), 20)
    assert (stream.block(0).gone, rebuilt.block(0).gone) == (len(GONE), 0)
    np.testing.assert_array_equal(sums(stream), sums(rebuilt))
    for found in (stream.whole(), rebuilt.whole()):
        assert isinstance(found, Incidence) and found.rows == 794
        np.testing.assert_array_equal(found.indptr, left.indptr)
        np.testing.assert_array_equal(found.indices, left.indices)


def test_blocks_stay_in_memory_as_far_as_there_is_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(match_stream, "ROWS_PER_BLOCK", 100)
    paths = write_shards(random_matrix(400, 9, 1), tmp_path, 1)
    roomy, none = MatchStream(paths, 9), MatchStream(paths, 9, held=0)
    some = MatchStream(paths, 9, held=2 * roomy.block(0).bytes + 100)
    for stream in (roomy, none, some):
        sums(stream)
    again = [[stream.block(k) is stream.block(k) for k in range(4)] for stream in (roomy, none, some)]
    assert again[0] == [True] * 4 and again[1] == [False] * 4 and 1 <= sum(again[2]) < 4


def test_a_worker_elsewhere_reads_its_blocks_itself(tmp_path: Path) -> None:
    stream = MatchStream(write_shards(random_matrix(50, 9, 1), tmp_path, 2), 9, mapper=mapped(2))
    block = stream.block(0)
    there = pickle.loads(pickle.dumps(stream))
    assert same(there.block(0), block) and there.block(0) is not there.block(0) and there.rows == 50


def test_no_files_are_an_empty_matrix() -> None:
    stream = MatchStream([], 4)
    found = stream.whole()
    assert (stream.rows, len(stream), found.rows, found.columns) == (0, 0, 0, 4) and list(stream.map(id)) == []


def test_lists_in_chunks_and_slices_are_rows(tmp_path: Path) -> None:
    chunks = [[[0, 2], None, []], [], [[1], [0, 1, 2]]]
    lists = pa.chunked_array(chunks, pa.list_(pa.uint32()))
    for table, wanted in ((lists, [2, 0, 0, 1, 3]), (lists.slice(1, 3), [0, 0, 1]), (lists.slice(4), [3])):
        block = as_block(table)
        assert np.diff(block.indptr).tolist() == wanted and block.gone == table.null_count
        assert block.indices.tolist() == [j for row in table.to_pylist() for j in row or []]
        assert block.indptr.dtype == np.int64 and block.indices.dtype == np.uint32


def test_a_malformed_table_is_refused_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="names keyword 5, but there are only 5"):
        MatchStream([write(tmp_path / "large.parquet", [[0], [5]])], 5).block(0)
    twice = write(tmp_path / "twice.parquet", [None, [0], [3, 1, 3]])
    with pytest.raises(InputError, match="caption 72 names keyword 3 twice"):
        list(MatchStream([twice], 5, mapper=mapped(2)).map(id))
    broken = tmp_path / "broken.parquet"
    broken.write_bytes(twice.read_bytes()[:-20])
    with pytest.raises(InputError, match=r"broken\.parquet is no sound table of matches"):
        MatchStream([broken], 5)
    with pytest.raises(InputError, match=r"missing\.parquet is no sound table"):
        MatchStream([tmp_path / "missing.parquet"], 5)


def test_a_file_that_breaks_between_passes_is_named(tmp_path: Path) -> None:
    path = write(tmp_path / "matches.parquet", [[j % 5] for j in range(4_000)])
    stream = MatchStream([path], 5, held=0)
    stream.block(0)
    data = bytearray(path.read_bytes())
    footer = len(data) - 8 - int.from_bytes(data[-8:-4], "little")
    data[4:footer] = bytes(footer - 4)
    path.write_bytes(data)
    with pytest.raises(InputError, match=r"matches\.parquet is no sound table of matches"):
        stream.block(0)

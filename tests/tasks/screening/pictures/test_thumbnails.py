"""Pictures of Parquet files: decoded, counted, and their own bytes again."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from storage.errors import InputError
from tasks.screening.pictures.thumbnails import count_pictures, encoded_pictures, read_pictures
from tests.tasks.screening.conftest import encoded, scene, table, thumbnails


def test_readable_pictures_are_in_order_and_know_their_rows(tmp_path: Path) -> None:
    content = [encoded(scene(k, 40), "PNG") for k in range(7)]
    one = table(tmp_path / "one.parquet", [b"broken", *content[:5]], [9, 0, 1, 2, 3, 4])
    two = table(tmp_path / "two.parquet", [content[5], None, content[6]], [5, 8, 6])
    done: list[int] = []
    found = read_pictures([one, two], workers=2, advance=done.append)
    assert sum(done) == count_pictures([one, two]) == 9 and found.unreadable == 2
    assert (found.file.tolist(), found.row.tolist()) == ([0] * 5 + [1] * 2, [1, 2, 3, 4, 5, 0, 2])
    assert found.label.tolist() == list(range(7)) and found.path[5] == "0.png"
    np.testing.assert_array_equal(found.thumbnails, thumbnails([scene(k, 40) for k in range(7)]))
    some = np.array([6, 0, 4, 0, 5])  # of both files, of both row groups, and one twice
    assert encoded_pictures(found, some) == [content[k] for k in some]
    assert encoded_pictures(found, some[:0]) == []


def test_a_file_without_classes_has_none(tmp_path: Path) -> None:
    file = table(tmp_path / "one.parquet", [encoded(scene(0, 40), "PNG")], [4])
    pq.write_table(pq.read_table(file, columns=["image"]), file)
    assert read_pictures([file]).label.tolist() == [-1]


def test_unusable_files_are_named(tmp_path: Path) -> None:
    (tmp_path / "no.parquet").write_bytes(b"nothing")
    with pytest.raises(InputError, match=r"no\.parquet cannot be read"):
        read_pictures([tmp_path / "no.parquet"])
    pq.write_table(pa.table({"picture": [b"x"]}), tmp_path / "other.parquet")
    with pytest.raises(InputError, match="no column `image`"):
        read_pictures([tmp_path / "other.parquet"])
    with pytest.raises(InputError, match="none of the 2 rows"):
        read_pictures([table(tmp_path / "broken.parquet", [b"x", None], [0, 1])])

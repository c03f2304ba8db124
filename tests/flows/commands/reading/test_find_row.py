"""A row is found by what a person has at hand: an id, a key, the name of a picture."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from flows.commands.reading.find_row import Place, find_picture, find_row, row_at
from storage.errors import InputError
from storage.tables.schemas import PAIRS

ROWS = [
    [("k1", "cats/one.JPEG"), ("k2", None), ("7", "cats/two (1).jpg")],
    [("k4", "dogs/one.png"), ("k5", "https://host/x/three.jpg"), ("k6", "four"), ("k7", "dogs/five.jpg"),
     ("k8", "dogs/five.jpg")],
]  # fmt: skip


@pytest.fixture
def pairs(tmp_path: Path) -> list[Path]:
    paths, number = [], 0
    for file, rows in enumerate(ROWS):
        columns: dict[str, list[object]] = {name: [] for name in PAIRS.names}
        for key, picture in rows:
            number += 1
            image = None if picture is None else {"bytes": b"x", "path": picture}
            for name, value in zip(PAIRS.names, (number * 1000, key, "a caption", image, None, "s"), strict=True):
                columns[name].append(value)
        paths.append(tmp_path / f"pairs-{file:05d}.parquet")
        pq.write_table(pa.table(columns, PAIRS), paths[-1], write_page_checksum=True)
    return paths


@pytest.mark.parametrize(
    ("wanted", "place"),
    [("3000", Place(0, 2)), ("0x7d0", Place(0, 1)), ("k6", Place(1, 2)), ("7", Place(0, 2)), ("k9", None)],
)
def test_by_id_or_key(pairs: list[Path], wanted: str, place: Place | None) -> None:
    assert find_row(pairs, wanted) == place


@pytest.mark.parametrize(
    ("wanted", "key"),
    [
        ("cats/one.JPEG", "k1"),
        ("one.JPEG", "k1"),
        ("cats/one", "k1"),
        ("two (1)", "7"),
        ("two (1).jpg", "7"),
        ("three", "k5"),
        ("https://host/x/three.jpg", "k5"),
        ("four", "k6"),
        ("ne.JPEG", None),  # the end of a name is no name
        ("wo (1)", None),
        ("t.o (1).jpg", None),  # no pattern
        ("cats", None),
        ("", None),
    ],
)
def test_by_the_name_of_its_picture(pairs: list[Path], wanted: str, key: str | None) -> None:
    place = find_picture(pairs, wanted)
    assert (None if place is None else row_at(pairs[place.file], place.row, ["key"])["key"]) == key


@pytest.mark.parametrize(("wanted", "rows"), [("one", ["k1 (1000)", "k4 (4000)"]), ("five.jpg", ["k7", "k8"])])
def test_a_picture_of_several_rows_is_not_guessed(pairs: list[Path], wanted: str, rows: list[str]) -> None:
    with pytest.raises(InputError, match="2 rows have a picture") as error:
        find_picture(pairs, wanted)
    assert all(row in str(error.value) for row in rows)


def test_of_many_rows_the_first_are_named(pairs: list[Path]) -> None:
    with pytest.raises(InputError, match="60 rows have a picture 'one'") as error:
        find_picture(pairs * 30, "one")
    assert str(error.value).count("(1000)") == 10 and str(error.value).endswith(", …")


def test_no_files_hold_no_row() -> None:
    assert find_row([], "1") is None and find_picture([], "x") is None

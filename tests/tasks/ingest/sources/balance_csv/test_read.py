"""The Benefits-of-Balance table: every row ends accepted or rejected with its reason."""

from collections.abc import Callable
from pathlib import Path
from tempfile import mkdtemp

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage.errors import InputError
from tasks.ingest.groups import plan_groups, sources_of
from tasks.ingest.read import read_source
from tasks.ingest.rows.batches import make_batches
from tasks.ingest.rules import Group
from tasks.ingest.sources.balance_csv.config import BalanceCsvConfig
from tests.tasks.ingest import row_by_row
from tests.tasks.ingest.conftest import image_bytes, rows_of, whole_tables
from tests.tasks.ingest.row_by_row import row_key

Write = Callable[[bytes], Path]


def config(path: Path, folder: Path | None, **options: object) -> BalanceCsvConfig:
    return BalanceCsvConfig(name="titles", path=path, image_folder=folder, **options)  # type: ignore[arg-type]


def slices(of: int) -> tuple[Group, ...]:
    return tuple(Group(index=index, of=of) for index in range(of))


def test_each_reason_of_rejection(write_table: Write, image_folder: Path, tmp_path: Path) -> None:
    (image_folder / "n01" / "torn.jpg").write_bytes(image_bytes()[:300])
    (image_folder / "n01" / "out.jpg").symlink_to(tmp_path / "elsewhere.jpg")
    (tmp_path / "elsewhere.jpg").write_bytes(image_bytes())
    (image_folder / "n01" / "wide.png").write_bytes(image_bytes(size=(200, 200), kind="PNG"))
    body = (
        "A cat\tflickr/n01/1.jpg\n"
        "A cat\tflickr/n01/1.jpg\n"
        "Another title\tflickr/n01/1.jpg\n"
        "   \tflickr/n01/2.jpg\n"
        "gone\tflickr/n01/9.jpg\n"
        "torn\tflickr/n01/torn.jpg\n"
        "up\t../n01/1.jpg\n"
        "absolute\t/etc/passwd\n"
        "link\tflickr/n01/out.jpg\n"
        "wide\tflickr/n01/wide.png\n"
        "bare\t1.jpg\n"
        "no path\n"
        f"{'long' * 10}\tflickr/n02/1.jpg\n"
    ).encode() + b"bad \xff\tflickr/n02/1.jpg\n"
    table = write_table(body)
    accepted, rejected = rows_of(config(table, image_folder, max_pixels=10_000, max_caption_characters=39))
    assert [row["caption"] for row in accepted] == ["A cat", "Another title"]
    assert {row["image"]["path"] for row in accepted} == {"n01/1.jpg"}  # several captions share an image
    assert len({row["id"] for row in accepted}) == 2
    assert [row["reason"] for row in rejected] == [
        "duplicate key",
        "empty caption",
        "missing image",
        "unreadable image",
        "path escapes the image folder",
        "path escapes the image folder",
        "path escapes the image folder",
        "too many pixels",
        "malformed row",
        "malformed row",
        "caption too long",
        "invalid UTF-8",
    ]
    assert rejected[0]["key"] == row_key("A cat", "flickr/n01/1.jpg")
    assert rejected[-1]["key"] == "line 15"
    assert all("line" in row["detail"] for row in rejected)


def test_groups_do_not_change_the_rows(write_table: Write, image_folder: Path) -> None:
    titles = [f"{number % 7}\tflickr/n0{1 + number % 2}/{1 + number % 3}.jpg\n" for number in range(50)]
    source = config(write_table("".join(titles).encode() + b"\xff\tx\n"), image_folder)
    whole = rows_of(source)
    assert whole[0] and {row["reason"] for row in whole[1]} == {"duplicate key", "missing image", "invalid UTF-8"}
    for of in (2, 5, 32):
        assert rows_of(source, slices(of)) == whole


def test_keys_do_not_depend_on_other_rows(write_table: Write, image_folder: Path) -> None:
    one = rows_of(config(write_table(b"B\tn01/1.jpg\n"), image_folder))[0]
    two = rows_of(config(write_table(b"A\tn01/1.jpg\nB\tn01/1.jpg\n"), image_folder))[0]
    assert two[1] == one[0]


def test_stand_ins_are_real_files_of_the_class_named_as_they_are(write_table: Write, image_folder: Path) -> None:
    body = "".join(f"title {number}\tflickr/n0{1 + number % 2}/{number}.jpg\n" for number in range(40))
    source = config(write_table(body.encode()), image_folder, images="class")
    accepted, rejected = rows_of(source)
    assert not rejected
    for number, row in enumerate(accepted):
        wnid = f"n0{1 + number % 2}"
        assert row["image"]["path"] in {f"{wnid}/1.jpg", f"{wnid}/2.jpg"}
        assert row["image"]["bytes"] == (image_folder / row["image"]["path"]).read_bytes()
        assert row["label"] == number % 2
    assert len({row["image"]["path"] for row in accepted}) == 4  # all candidates serve
    assert rows_of(source, slices(3))[0] == accepted


def test_titles_alone_have_null_images_and_need_no_folder(write_table: Write) -> None:
    source = config(write_table(b'NA\tn01/1.jpg\n"q"\tn02/1.jpg\n'), None, images="none")
    accepted, rejected = rows_of(source)
    assert not rejected
    assert [(row["caption"], row["image"]) for row in accepted] == [("NA", None), ('"q"', None)]
    assert sources_of(source, Group()) == (source.path,)


def test_missing_images_are_kept_on_request_but_bad_ones_never(write_table: Write, image_folder: Path) -> None:
    (image_folder / "n01" / "torn.jpg").write_bytes(b"torn")
    table = write_table(b"gone\tn01/9.jpg\ntorn\tn01/torn.jpg\nup\t../../x.jpg\n")
    accepted, rejected = rows_of(config(table, image_folder, missing_images="keep"))
    assert [(row["caption"], row["image"]) for row in accepted] == [("gone", None)]
    assert [row["reason"] for row in rejected] == ["unreadable image", "path escapes the image folder"]


def test_what_is_missing_is_said_at_planning(write_table: Write, tmp_path: Path, image_folder: Path) -> None:
    table = write_table(b"A\tn01/1.jpg\n")
    with pytest.raises(InputError, match="does not exist: correct the path"):
        plan_groups(config(tmp_path / "none.csv", image_folder))
    with pytest.raises(InputError, match="image folder of the source 'titles'"):
        plan_groups(config(table, tmp_path / "none"))
    with pytest.raises(InputError, match="names no image_folder"):
        plan_groups(config(table, None))


@pytest.mark.parametrize("wnid", ["a\0b", "x" * 5_000, "~", "*"])
def test_odd_class_folders_are_missing(write_table: Write, image_folder: Path, wnid: str) -> None:
    table = write_table(f"A cat\t{wnid}/1.jpg\n".encode())
    for images in ("flickr", "class"):
        assert [row["reason"] for row in rows_of(config(table, image_folder, images=images))[1]] == ["missing image"]


def test_real_titles(shared_data: Path) -> None:
    folder = shared_data / "imagenet_captions"
    source = config(folder / "imagenet_captions_val_c250.csv", folder / "train", images="class")
    plan = plan_groups(source)
    assert len(plan) == 3
    accepted, rejected = rows_of(source, plan)
    assert len(accepted) + len(rejected) == 10_227
    assert {row["reason"] for row in rejected} <= {"empty caption"}
    assert len({row["id"] for row in accepted}) == len(accepted)
    assert sum(row["caption"] == "Meerkat" for row in accepted) == source.path.read_bytes().count(b"\nMeerkat\t")
    assert sum('"' in row["caption"] for row in accepted) == 27
    assert len({row["label"] for row in accepted}) == 250


FIELDS = [b"a", b"b c", b" ", b"\xff", b"\xe2\x80\x8b", b'"q"', b'"', b"x" * 10, b"\xc3\xa9", b""]
PATHS = [
    *(b"f/n01/1.jpg", b"n01/1.jpg", b"n02/2.jpg", b"n02/9.jpg", b"/n01/1.jpg", b"//n01/1.jpg", b"n01//1.jpg", b""),
    *(b"./1.jpg", b"./n01/1.jpg", b"1.jpg", b"n01/1.jpg/", b"n01/./1.jpg", b"n01/.", b"../n01/1.jpg", b"n01/../1.jpg"),
    *(b"c:/n01/1.jpg", b"n01\\1.jpg", b"n01/..\\1.jpg", b".n/1.jpg", b"n01/..jpg", b"n01/1.jpg\r", b"\xff/1.jpg"),
    "é/1.jpg".encode(),
]  # fmt: skip


def quoted(field: bytes) -> bytes:
    return b'"' + field.replace(b'"', b'""') + b'"'


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150, deadline=None)
@given(
    rows=st.lists(
        st.tuples(st.sampled_from(FIELDS), st.sampled_from(PATHS)).map(b"\t".join) | st.binary(max_size=6), max_size=12
    ),
    end=st.sampled_from([b"\n", b"\r\n"]),
    last=st.booleans(),
    of=st.integers(1, 3),
    options=st.fixed_dictionaries(
        {"images": st.sampled_from(["none", "flickr", "class"]), "quotes": st.sampled_from(["raw", "csv"])}
    ),
)
def test_columns_give_what_rows_give(
    tmp_path: Path, image_folder: Path, rows: list[bytes], end: bytes, last: bool, of: int, options: dict[str, str]
) -> None:
    table = Path(mkdtemp(dir=tmp_path)) / "hostile.csv"  # a new path: what it holds is kept by path and time
    if options["quotes"] == "csv":  # what Python's reader and ours agree on; the rest is told in test_table.py
        rows = [b"\t".join(map(quoted, row.split(b"\t"))) for row in rows if row and not {10, 13} & set(row)]
    table.write_bytes(end.join([b"title\tfilepath", *rows]) + (end if last else b""))
    source = config(table, image_folder, max_caption_characters=9, **options)
    for group in slices(of):
        files = sources_of(source, group)
        expected = make_batches(row_by_row.read_balance_csv(source, group, files), source.name)
        assert whole_tables(read_source(source, group, files)) == whole_tables(expected)

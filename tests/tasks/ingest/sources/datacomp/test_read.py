"""DataComp's tables: uids of a subset as often as it holds them, joined with tars, and what is missing is told."""

import json
import logging
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from storage.errors import InputError
from storage.export.forms.datacomp import write_datacomp
from storage.tables.schemas import CURATED
from storage.tables.shards import read_table, write_table
from storage.tables.uids import UID
from tasks.ingest.columns.sorted_uids import find, firsts, in_order
from tasks.ingest.groups import plan_groups, sources_of
from tasks.ingest.rules import Group
from tasks.ingest.sources.datacomp import read
from tasks.ingest.sources.datacomp.chosen import uid_texts
from tasks.ingest.sources.datacomp.config import DataCompConfig
from tasks.ingest.sources.datacomp.members import look_through
from tasks.ingest.sources.datacomp.source import REST
from tasks.ingest.sources.datacomp.subset import read_subset
from tests.tasks.ingest.conftest import image_bytes, rows_of
from tests.tasks.ingest.sources.webdataset.conftest import write_tar

HEADER = b"{'descr': [('f0', '<u8'), ('f1', '<u8')], 'fortran_order': False, 'shape': (1152921504606846976,), }"
HUGE = b"\x93NUMPY\x01\x00" + len(HEADER).to_bytes(2, "little") + HEADER + bytes(32)
"""A few bytes that claim to be 2^60 uids."""
RNG = np.random.default_rng(0)
UIDS = [RNG.bytes(16).hex() for _ in range(12)]


def subset(path: Path, *uids: str, ordered: bool = True) -> Path:
    pairs = [(int(uid[:16], 16), int(uid[16:], 16)) for uid in (sorted(uids) if ordered else uids)]
    np.save(path, np.array(pairs, UID))
    return path


def tables(folder: Path, uids: list[str], rows_per_table: int = 5) -> Path:
    """The columns of DataComp's metadata."""
    folder.mkdir()
    for number, start in enumerate(range(0, len(uids), rows_per_table)):
        part = uids[start : start + rows_per_table]
        columns = {
            "uid": part,
            "url": [f"http://h/{uid}" for uid in part],
            "text": [f"caption {uid[:4]}" for uid in part],
            "clip_l14_similarity_score": [start / 10 + row for row in range(len(part))],
        }
        pq.write_table(pa.table(columns), folder / f"{number:02d}.parquet", row_group_size=2)
    return folder


def tar(path: Path, uids: list[str], *, colour: str = "red") -> Path:
    members = []
    for number, uid in enumerate(uids):
        content = image_bytes(colour, (8 + number, 6))
        members += [(f"{number:05d}.jpg", content), (f"{number:05d}.txt", b"as fetched")]
        members.append((f"{number:05d}.json", json.dumps({"uid": uid, "key": f"{number:05d}"}).encode()))
    return write_tar(path, members)


def config(path: Path, **options: object) -> DataCompConfig:
    return DataCompConfig(name="d", path=path, **options)  # type: ignore[arg-type]


def rows(path: Path, **options: object) -> tuple[list[dict], list[dict]]:
    made = config(path, **options)
    return rows_of(made, plan_groups(made))


def test_every_row_once_without_a_subset(tmp_path: Path) -> None:
    accepted, rejected = rows(tables(tmp_path / "t", UIDS), keep=("url",), scores=("clip_l14_similarity_score",))
    assert not rejected
    assert [(row["key"], row["caption"], row["kept"]["url"]) for row in accepted] == [
        (uid, f"caption {uid[:4]}", f"http://h/{uid}") for uid in UIDS
    ]
    assert accepted[6]["scores"] == {"clip_l14_similarity_score": 1.5}


@pytest.mark.parametrize("ordered", [True, False])
def test_a_uid_of_the_subset_is_as_many_rows_as_it_stands_there(
    tmp_path: Path, ordered: bool, caplog: pytest.LogCaptureFixture
) -> None:
    absent = sorted(["f" * 32, "0" * 32])
    chosen = [*UIDS[::2], UIDS[4], UIDS[4], *absent, absent[0]]
    path = subset(tmp_path / "s.npy", *chosen, ordered=ordered)
    with caplog.at_level(logging.WARNING):
        accepted, rejected = rows(tables(tmp_path / "t", UIDS), subset=path)
    assert [row["key"] for row in accepted] == [
        key for uid in UIDS[::2] for key in ([uid, f"{uid}#1", f"{uid}#2"] if uid == UIDS[4] else [uid])
    ]
    assert len({row["id"] for row in accepted}) == len(accepted)
    assert [(row["key"], row["reason"]) for row in rejected] == [(uid, "not in the tables") for uid in absent]
    assert f"2 of 8 uids of {path} are in none of 3 tables, the first of them {', '.join(absent)}" in caplog.text


@pytest.mark.parametrize("rows_per_group", [1, 3, 100])
def test_the_rows_are_the_same_whatever_the_groups(tmp_path: Path, rows_per_group: int) -> None:
    path = subset(tmp_path / "s.npy", *UIDS[3:], *UIDS[5:8])
    source = tables(tmp_path / "t", UIDS, rows_per_table=12)
    groups = plan_groups(config(source, subset=path, rows_per_group=rows_per_group))
    assert groups[-1] == Group(files=(REST,)) and len(groups) <= 33
    accepted, rejected = rows(source, subset=path, rows_per_group=rows_per_group)
    assert [row["key"] for row in accepted] == [
        key for uid in UIDS[3:] for key in ([uid, f"{uid}#1"] if uid in UIDS[5:8] else [uid])
    ]
    assert not rejected


def test_images_are_those_of_the_tars_with_the_uid(tmp_path: Path) -> None:
    source = tables(tmp_path / "t", UIDS)
    first = [UIDS[7], UIDS[0], UIDS[9]]
    tar(tmp_path / "tars" / "00000.tar", first)
    tar(tmp_path / "tars" / "00001.tar", [UIDS[3], "e" * 32], colour="blue")
    path = subset(tmp_path / "s.npy", *UIDS[:10], UIDS[0])
    made = config(source, subset=path, tars=tmp_path / "tars", scores=("clip_l14_similarity_score",))
    groups = plan_groups(made)
    assert [group.label for group in groups] == ["00000.tar", "00001.tar", REST]
    assert sources_of(made, groups[1])[-1] == tmp_path / "tars" / "00001.tar"
    accepted, rejected = rows_of(made, groups)
    assert [row["key"] for row in accepted] == [UIDS[0], f"{UIDS[0]}#1", UIDS[7], UIDS[9], UIDS[3]]
    assert [row["image"]["bytes"] for row in accepted[1:4]] == [
        image_bytes("red", (8 + first.index(uid), 6)) for uid in (UIDS[0], UIDS[7], UIDS[9])
    ]
    assert accepted[4]["image"] == {"bytes": image_bytes("blue", (8, 6)), "path": "00000.jpg"}
    assert accepted[3]["caption"] == f"caption {UIDS[9][:4]}"  # the table's, not the text that was fetched
    assert {(row["key"], row["reason"]) for row in rejected} == {
        (UIDS[number], "missing image") for number in (1, 2, 4, 5, 6, 8)
    }
    kept, _ = rows(source, subset=path, tars=tmp_path / "tars", missing_images="keep")
    assert Counter(row["image"] is None for row in kept) == {True: 6, False: 5}


def test_what_is_wrong_is_told_once(tmp_path: Path) -> None:
    source = tables(tmp_path / "t", [UIDS[0], "no uid", UIDS[1], UIDS[0], "F" * 32])
    tar(tmp_path / "tars" / "0.tar", [UIDS[0], "short"])
    whole = tar(tmp_path / "tars" / "1.tar", [UIDS[1], UIDS[2]])
    whole.write_bytes(whole.read_bytes()[: 3584 + 700])  # in the middle of the second sample
    accepted, rejected = rows(source, tars=tmp_path / "tars")
    assert [row["key"] for row in accepted] == [UIDS[0], UIDS[1]]
    reasons = sorted((row["reason"], row["key"]) for row in rejected)
    assert [reason for reason, _ in reasons] == ["damaged archive", "duplicate key", *["malformed row"] * 4]
    malformed = {key for reason, key in reasons if reason == "malformed row"}
    assert malformed == {"00.parquet:1", "00.parquet:4", "0.tar:00001", "1.tar:00001"}


def test_images_that_are_kept_in_their_tars(tmp_path: Path) -> None:
    from storage.tables.references import content_of

    source = tables(tmp_path / "t", UIDS[:3])
    path = tar(tmp_path / "0.tar", UIDS[:3])
    accepted, _ = rows(source, tars=path, image_content="keep")
    assert [row["image"]["bytes"] for row in accepted] == [None] * 3
    assert [content_of(row["image"]) for row in accepted] == [image_bytes("red", (8 + n, 6)) for n in range(3)]


def test_more_than_are_told_one_by_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read, "LISTED", 2)
    _, rejected = rows(tables(tmp_path / "t", UIDS[:1]), subset=subset(tmp_path / "s.npy", *UIDS))
    assert len(rejected) == 3
    assert "11 of 12 uids" in rejected[2]["detail"] and "the first 2 are told one by one" in rejected[2]["detail"]


def test_the_export_of_what_came_in_is_what_came_in(tmp_path: Path) -> None:
    chosen = [*UIDS[:6], UIDS[2], UIDS[2], UIDS[5]]
    path = subset(tmp_path / "s.npy", *chosen)
    accepted, _ = rows(tables(tmp_path / "t", UIDS), subset=path)
    more = {"weight": 1.0, "inclusion": None, "multiplicity": 1, "entries": []}
    table = pa.Table.from_pylist([row | more for row in accepted], schema=CURATED)
    write_table(tmp_path / "curated-00000.parquet", table)
    write_datacomp([tmp_path / "curated-00000.parquet"], tmp_path / "out", seed=3)
    assert (tmp_path / "out" / "subset.npy").read_bytes() == path.read_bytes()
    weights = read_table(tmp_path / "out" / "weights.parquet")
    assert Counter(weights["uid"].to_pylist()) == Counter(chosen)


@pytest.mark.parametrize(
    ("array", "says"),
    [
        (np.array(["a" * 32]), "holds <U32"),
        (np.arange(4), "holds int64"),
        (np.zeros(3, "u8,u4"), "must hold uids as DataComp writes them"),
        (np.zeros((2, 3), np.uint64), "of 2 dimensions"),
        (np.array([{"a": 1}], object), "no .npy file of numbers"),
        (b"\x80\x04K\x01.", "no .npy file of numbers"),
        (b"", "no .npy file of numbers"),
        (HUGE, "no .npy file of numbers"),
        (HUGE.replace(b"<u8')]", b"<u8'{)"), "no .npy file of numbers"),  # numpy's TokenError, found by fuzzing
    ],
)
def test_other_files_are_one_sentence(tmp_path: Path, array: np.ndarray | bytes, says: str) -> None:
    path = tmp_path / "s.npy"
    if isinstance(array, bytes):
        path.write_bytes(array)
    else:
        np.save(path, array, allow_pickle=True)
    with pytest.raises(InputError, match=says):
        rows(tables(tmp_path / "t", UIDS[:1]), subset=path)


def test_packed_tars_are_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "0.tar").write_bytes(b"\x1f\x8b\x08" + bytes(20))
    with pytest.raises(InputError, match=r"0\.tar is packed: unpack it"):
        look_through([tmp_path / "0.tar"], ["0.tar"], ["jpg"])


def test_look_up_among_sorted_uids() -> None:
    rng = np.random.default_rng(1)
    held = rng.integers(0, 4, (50, 2)).astype(np.uint64)
    held = held[np.lexsort((held[:, 1], held[:, 0]))]
    assert in_order(held) and not in_order(held[::-1])
    wanted = rng.integers(0, 5, (30, 2)).astype(np.uint64)
    first, count = find(held, wanted)
    listed, known = [tuple(each) for each in held.tolist()], list(map(tuple, wanted.tolist()))
    assert count.tolist() == [listed.count(each) for each in known]
    assert all(listed[at] == each for at, each, many in zip(first, known, count) if many)
    assert firsts(held).sum() == len(set(listed))
    assert find(np.zeros((0, 2), np.uint64), wanted)[1].sum() == 0


def test_what_is_no_text_is_no_uid() -> None:
    assert uid_texts(pa.array([b"\xff", UIDS[0].encode(), None])).to_pylist() == ["", UIDS[0], ""]


def test_a_subset_of_nothing(tmp_path: Path) -> None:
    np.save(tmp_path / "s.npy", np.zeros(0, UID))
    assert len(read_subset(tmp_path / "s.npy")) == 0

"""Uids as numbers and back."""

import pyarrow as pa

from storage.tables.uids import parse_uids, spelled_uid, uid_part

UIDS = ["0" * 31 + "1", "f" * 32, "0123456789abcdef" * 2]


def test_uids_as_numbers_and_back() -> None:
    uids, odd = parse_uids(pa.array([*UIDS, None, "x", "F" * 32, "g" * 32]))
    assert odd.tolist() == [False] * 3 + [True] * 4
    assert [spelled_uid(uid) for uid in uids[:3]] == UIDS
    assert uids[:3].tolist() == [[int(uid[:16], 16), int(uid[16:], 16)] for uid in UIDS]
    assert len(parse_uids(pa.array([], pa.string()))[0]) == 0
    assert parse_uids(pa.array(UIDS).slice(1))[0].tolist() == uids[1:3].tolist()


def test_a_key_without_the_number_of_its_copy_or_caption() -> None:
    keys = pa.array([f"{UIDS[0]}#1", f"{UIDS[0]}#1#0", UIDS[0], "a#1"])
    assert uid_part(keys).to_pylist() == [UIDS[0], UIDS[0], UIDS[0], "a#1"]

"""Ledgers: what every experiment uses, also one that was killed, and nobody is forgotten by a fault."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from storage.errors import StoreError
from storage.record.manifest import Manifest
from storage.store.experiments import Ledger, ledger_path, uses
from storage.store.store import Store


def made(key: str) -> Manifest:
    return Manifest(stage="rows", key=key, digest="d", files=(), code="c", created=datetime.now(UTC))


def keys(store: Store) -> dict[str, list[str]]:
    return {use.name: [key for _, key in use.outputs] for use in uses(store)}


def test_an_output_is_entered_the_moment_it_is_used(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    ledger = Ledger(store, "a", tmp_path / "a", "one")
    for key in ("1", "2", "1"):
        ledger.add("rows", key)
    assert keys(store) == {"a": ["1", "2"]}  # without any end of the run


def test_a_run_goes_on_where_the_last_one_of_its_configuration_stopped(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    Ledger(store, "a", tmp_path / "a", "one").add("rows", "1")
    Ledger(store, "a", tmp_path / "a", "one").add("rows", "2")
    assert keys(store) == {"a": ["1", "2"]}
    Ledger(store, "a", tmp_path / "a", "another").add("rows", "3")
    assert keys(store) == {"a": ["3"]}


def test_a_whole_run_settles_what_is_needed(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    ledger = Ledger(store, "a", tmp_path / "a", "one")
    ledger.add("rows", "old")
    ledger.settle([made("new")])
    ledger.add("rows", "new")
    assert keys(store) == {"a": ["new"]}


def test_one_name_in_two_folders_is_two_experiments(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    for folder in ("here", "there"):
        Ledger(store, "a", tmp_path / folder, "one").add("rows", folder)
    assert {use.folder.name: use.outputs for use in uses(store)} == {
        "here": (("rows", "here"),), "there": (("rows", "there"),)
    }  # fmt: skip


@pytest.mark.parametrize("content", [b"", b"{}\n", b"[1]\n", b"\xff\n", b'"text"\n'])
def test_a_ledger_that_cannot_be_read_is_no_leave_to_collect(tmp_path: Path, content: bytes) -> None:
    store = Store(tmp_path / "store")
    path = ledger_path(store, "a", tmp_path)
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    with pytest.raises(StoreError, match="does not say what its experiment needs"):
        uses(store)


def test_a_line_that_a_kill_cut_short_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    Ledger(store, "a", tmp_path, "one").add("rows", "1")
    with ledger_path(store, "a", tmp_path).open("a") as file:
        file.write("ro")
    assert keys(store) == {"a": ["1"]}

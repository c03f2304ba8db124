"""One matcher for each list: built once, also by many threads, and without the dead keywords."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from storage.tables.shards import write_table
from tasks.matching.config import Spacing
from tasks.matching.lists.metadata import entries_table
from tasks.matching.matcher_cache import SPACING, make_matcher, shared_matcher


def write_list(folder: Path, entries: list[str], spacing: Spacing) -> Path:
    audit = make_matcher(entries, spacing).audit()
    write_table(folder / "entries.parquet", entries_table(entries, ["test"] * len(entries), audit))
    (folder / SPACING).write_text(spacing.model_dump_json(), encoding="utf-8")
    return folder


def test_the_options_are_those_of_the_configuration() -> None:
    matcher = make_matcher(["Cat"], Spacing(normalise="unicode", fold_case=True), None)
    assert matcher.match(["a CAT"]).to_pylist() == [[0]]
    assert make_matcher(["Cat"], Spacing()).match(["a CAT"]).to_pylist() == [[]]


def test_dead_keywords_stay_out_and_the_others_keep_their_numbers(tmp_path: Path) -> None:
    folder = write_list(tmp_path, ["", "U.S.A.", "cat", "dog"], Spacing())
    matcher = shared_matcher(folder, "digest of four")
    assert len(matcher) == 2
    assert matcher.match(["a,  cat", "dog  U.S.A."]).to_pylist() == [[2], [3]]


@pytest.mark.parametrize("threads", [1, 8])
def test_many_threads_share_one(tmp_path: Path, threads: int) -> None:
    folder = write_list(tmp_path, ["cat"], Spacing())
    with ThreadPoolExecutor(threads) as pool:
        matchers = list(pool.map(lambda _: shared_matcher(folder, f"digest {threads}"), range(16)))
    assert len({id(matcher) for matcher in matchers}) == 1


def test_another_digest_is_another_list(tmp_path: Path) -> None:
    folder = write_list(tmp_path, ["cat"], Spacing())
    first = shared_matcher(folder, "first")
    write_list(tmp_path, ["dog"], Spacing())
    assert shared_matcher(folder, "first") is first
    second = shared_matcher(folder, "second")
    assert second is not first and second.match(["dog"]).to_pylist() == [[0]]
    assert json.loads((folder / SPACING).read_text())["normalise"] == "metaclip"

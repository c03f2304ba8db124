"""Answers that cost a reading are asked for once, as long as the file stays the same."""

import os
from pathlib import Path

from storage.places.place import place
from storage.places.remember import remembered, remembering
from tests.servers import serve


def asked(where: object, memo: Path | None, answer: int = 7) -> tuple[int, int]:
    """The answer, and how often it was computed."""
    computed = []

    def compute() -> int:
        computed.append(1)
        return answer

    if memo is None:
        return remembered("rows", where, compute), len(computed)
    with remembering(memo):
        return remembered("rows", where, compute), len(computed)


def test_known_until_the_file_changes(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x")
    memo = tmp_path / "store" / "answers.json"
    with serve(tmp_path) as server:
        url = place(f"{server.url}/a.csv")
        assert asked(url, memo) == (7, 1)
        assert asked(url, memo) == (7, 0)
        assert asked(url, None) == (7, 1)
        os.utime(tmp_path / "a.csv", (1, 1))
        assert asked(url, memo, 8) == (8, 1)
        server.silent = {"Last-Modified"}
        assert asked(url, memo) == asked(url, memo) == (7, 1)
        server.silent = set()
        memo.write_text("{")
        assert asked(url, memo) == (7, 1)
        memo.unlink()
        memo.mkdir()  # nothing can be written there
        assert asked(url, memo) == (7, 1)


def test_a_path_is_always_asked(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x")
    assert asked(tmp_path / "a.csv", tmp_path / "m.json") == asked(tmp_path / "a.csv", tmp_path / "m.json") == (7, 1)
    assert not (tmp_path / "m.json").exists()

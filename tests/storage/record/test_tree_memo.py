"""What was found in source files is remembered by content, across processes, and never where it could be wrong."""

import subprocess
import sys
from pathlib import Path

import pytest

from storage.record.tree_memo import Found, TreeMemo, beside_byte_code

FOUND = Found("a hash", ("tasks.one",), ("tasks.one.two", "tasks.three"))


class Finder:
    """Counts how often it is asked."""

    asked = 0

    def __call__(self) -> Found:
        self.asked += 1
        return FOUND


@pytest.fixture
def code(tmp_path: Path) -> Path:
    file = tmp_path / "finder.py"
    file.write_text("1")
    return file


@pytest.fixture(autouse=True)
def byte_code_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)


def test_a_later_process_asks_for_new_content_only(tmp_path: Path, code: Path) -> None:
    file, find = tmp_path / "folder" / "trees.json", Finder()
    first = TreeMemo(file, [code])
    assert first.find("one", b"x", find) == first.find("one", b"x", find) == FOUND and find.asked == 1
    first.save()
    later = TreeMemo(file, [code])
    assert later.find("one", b"x", find) == FOUND and find.asked == 1
    later.find("one", b"y", find)
    later.find("two", b"x", find)
    assert find.asked == 3


def test_a_finder_that_was_edited_forgets_everything(tmp_path: Path, code: Path) -> None:
    file, find = tmp_path / "trees.json", Finder()
    memo = TreeMemo(file, [code])
    memo.find("one", b"x", find)
    memo.save()
    code.write_text("2")
    TreeMemo(file, [code]).find("one", b"x", find)
    assert find.asked == 2


@pytest.mark.parametrize("content", ["", "[]", "{", '{"by": 1}', '{"found": 3}', '{"by": "BY", "found": {"one": [1]}}'])
def test_a_broken_memo_does_no_harm(tmp_path: Path, code: Path, content: str) -> None:
    file, find = tmp_path / "trees.json", Finder()
    memo = TreeMemo(file, [code])
    file.write_text(content.replace("BY", memo._by))
    assert memo.find("one", b"x", find) == FOUND and find.asked == 1


def test_nothing_is_written_where_it_cannot_or_should_not_be(
    tmp_path: Path, code: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    memo = TreeMemo(code / "trees.json", [code])  # below a file: not even root can write there
    memo.find("one", b"x", Finder())
    memo.save()
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    unwanted = TreeMemo(tmp_path / "trees.json", [code])
    unwanted.find("one", b"x", Finder())
    unwanted.save()
    assert not (tmp_path / "trees.json").exists()


def test_it_is_written_at_the_end_of_a_process(tmp_path: Path, code: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from storage.record.tree_memo import Found, TreeMemo\n"
        "sys.dont_write_bytecode = False\n"
        "memo = TreeMemo(Path(sys.argv[1]), [Path(sys.argv[2])])\n"
        "memo.find('one', b'x', lambda: Found('a hash', ('tasks.one',), ('tasks.one.two', 'tasks.three')))\n"
    )
    subprocess.run([sys.executable, "-c", program, tmp_path / "trees.json", code], check=True)
    find = Finder()
    assert TreeMemo(tmp_path / "trees.json", [code]).find("one", b"x", find) == FOUND and not find.asked


def test_it_lies_with_byte_code() -> None:
    assert beside_byte_code("/folder/module.py", "trees.json") == Path("/folder/__pycache__/trees.json")

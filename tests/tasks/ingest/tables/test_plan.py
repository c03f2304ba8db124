"""Which files a path stands for, and how they are grouped."""

from pathlib import Path

import pytest

from storage.errors import InputError
from tasks.ingest.rules import Group
from tasks.ingest.tables.plan import found_files, plan_files, root_of


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("b-1.csv", "b-0.csv", "a.csv", "deep/c.csv", "deep/d.tsv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    return tmp_path


@pytest.mark.parametrize(
    ("path", "root", "names"),
    [
        ("a.csv", "", ("a.csv",)),
        ("", "", ("a.csv", "b-0.csv", "b-1.csv", "deep/c.csv")),
        ("b-*.csv", "", ("b-0.csv", "b-1.csv")),
        ("b-[1-9].csv", "", ("b-1.csv",)),
        ("deep/?.tsv", "deep", ("d.tsv",)),
        ("d*/c.csv", "", ("deep/c.csv",)),
        ("**/c.csv", "", ("deep/c.csv",)),
    ],
)
def test_a_path_is_a_file_a_folder_or_a_pattern(folder: Path, path: str, root: str, names: tuple[str, ...]) -> None:
    place = folder / path if path else folder
    assert found_files(place, "**/*.csv", "s") == names
    assert root_of(place) == (folder / root if root else folder)
    assert all((root_of(place) / name).is_file() for name in names)


def test_a_file_whose_name_looks_like_a_pattern_is_a_file(folder: Path) -> None:
    (folder / "what[1].csv").write_text("x")
    assert found_files(folder / "what[1].csv", "*", "s") == ("what[1].csv",)


def test_nothing_is_one_sentence(folder: Path) -> None:
    with pytest.raises(InputError, match=r"no file in .* matches 'z\*.csv'"):
        found_files(folder / "z*.csv", "**/*.csv", "s")
    with pytest.raises(InputError, match="does not exist"):
        found_files(folder / "none.csv", "**/*.csv", "s")


def test_large_files_are_cut_and_many_are_put_together_without_asking_for_their_sizes() -> None:
    assert plan_files(["a", "b"], {"a": 10, "b": 25}.__getitem__, 10) == (
        Group(files=("a",)),
        *(Group(files=("b",), index=index, of=3) for index in range(3)),
    )
    names = [f"{number:03d}" for number in range(70)]
    plan = plan_files(names, {}.__getitem__, 10)
    assert len(plan) == 18 and [name for group in plan for name in group.files] == names


def test_linked_folders_are_entered_where_they_may_be_and_told_of_where_not(tmp_path: Path) -> None:
    disk, root = tmp_path / "disk", tmp_path / "root"
    (disk / "deep").mkdir(parents=True)
    (disk / "deep" / "a.csv").write_text("x")
    root.mkdir()
    (root / "far").symlink_to(disk)
    with pytest.raises(InputError, match=r"holds the linked folder 'far': name the folder .* in links_to of 's'"):
        found_files(root, "**/*.csv", "s")
    assert found_files(root, "**/*.csv", "s", [str(disk)]) == ("far/deep/a.csv",)
    (root / "b.csv").write_text("x")
    assert found_files(root, "**/*.csv", "s") == ("b.csv",)
    assert found_files(tmp_path / "root" / "far", "**/*.csv", "s") == ("deep/a.csv",)  # the source's own path

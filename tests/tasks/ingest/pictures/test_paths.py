"""Paths from untrusted text never lead out of their folder."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.errors import InputError
from tasks.ingest.pictures.paths import confine, escapes, linked_folders, require_file, require_folder


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    (root / "a").mkdir(parents=True)
    (root / "a" / "in.jpg").write_bytes(b"in")
    (tmp_path / "secret.jpg").write_bytes(b"secret")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "x.jpg").write_bytes(b"x")
    (root / "a" / "link.jpg").symlink_to(tmp_path / "secret.jpg")
    (root / "a" / "inner.jpg").symlink_to("in.jpg")
    (root / "a" / "loop.jpg").symlink_to("loop.jpg")
    (root / "far").symlink_to(tmp_path / "outside")
    return root


def test_a_file_inside_is_found_also_through_a_link_inside(tree: Path) -> None:
    assert confine(tree, "a/in.jpg") == tree / "a" / "in.jpg"
    assert confine(tree, "a/inner.jpg") == tree / "a" / "in.jpg"


@pytest.mark.parametrize(
    "relative",
    ["../secret.jpg", "a/../../secret.jpg", "/etc/passwd", "a/link.jpg", "far/x.jpg", "..\\x", "C:\\x", "C:x"],
)
def test_every_way_out_is_refused(tree: Path, relative: str) -> None:
    found = confine(tree, relative)
    assert not isinstance(found, Path)
    assert found[0] == "path escapes the image folder"


def test_links_into_folders_that_are_named_are_followed_and_no_others(tree: Path) -> None:
    outside = str(tree.parent / "outside")
    assert confine(tree, "far/x.jpg", [outside]) == tree.parent / "outside" / "x.jpg"
    for relative in ("a/link.jpg", "../outside/x.jpg", f"{outside}/x.jpg"):
        assert isinstance(confine(tree, relative, [outside]), tuple)
    (tree / "a" / "further").symlink_to(tree.parent)
    (tree / "far" / "back").symlink_to(tree)  # a loop
    assert linked_folders(tree, []) == ([], ["a/further", "far"])
    assert linked_folders(tree, [outside]) == (["far"], ["a/further"])


def test_an_absolute_path_below_a_relative_folder_is_a_path_in_it(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tree / "a")
    for root in (Path("../a"), Path()):
        assert confine(root, f"{tree}/a/in.jpg") == tree / "a" / "in.jpg"
        for outside in (f"{tree}/x.jpg", f"{tree}/a/../x.jpg", f"{tree}/ab/in.jpg"):
            assert confine(root, outside)[0] == "path escapes the image folder"  # type: ignore[index]


def test_an_absolute_path_below_the_folder_is_a_path_in_it(tree: Path) -> None:
    assert confine(tree, f"{tree}/a/in.jpg") == tree / "a" / "in.jpg"
    for relative in (f"{tree}/../secret.jpg", f"{tree}x/in.jpg", f"{tree}/a/link.jpg"):
        assert confine(tree, relative)[0] == "path escapes the image folder"  # type: ignore[index]


@pytest.mark.parametrize(
    "relative", ["a/none.jpg", "a", "a/loop.jpg", "a/\0.jpg", "x" * 5_000, "a/in.jpg/x", "\udcff", ""]
)
def test_what_is_no_file_is_missing(tree: Path, relative: str) -> None:
    found = confine(tree, relative)
    assert not isinstance(found, Path)
    assert found[0] == "missing image"


def test_a_pipe_does_not_hang(tree: Path) -> None:
    os.mkfifo(tree / "pipe.jpg")
    assert confine(tree, "pipe.jpg") == ("missing image", "pipe.jpg")


@given(
    parts=st.lists(st.sampled_from(["..", ".", "a", "in.jpg", "", "link.jpg", "~"]), max_size=6), slash=st.booleans()
)
def test_text_without_dot_dot_or_root_cannot_escape(parts: list[str], slash: bool) -> None:
    relative = ("/" if slash else "") + "/".join(parts)
    inside = os.path.normpath(relative if relative.startswith("/") else f"/root/{relative}").startswith("/root")
    assert escapes(relative) or inside


def test_missing_inputs_are_said_in_one_sentence(tree: Path) -> None:
    with pytest.raises(InputError, match="does not exist: correct the path"):
        require_file(tree / "nothing", "table")
    with pytest.raises(InputError, match="is a folder, not a file"):
        require_file(tree, "table")
    with pytest.raises(InputError, match="is a file, not a folder"):
        require_folder(tree / "a" / "in.jpg", "image folder")

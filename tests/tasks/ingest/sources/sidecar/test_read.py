"""Images with text files beside them."""

from pathlib import Path

import pytest

from storage.errors import InputError
from tasks.ingest.groups import plan_groups
from tasks.ingest.rules import Group
from tasks.ingest.sources.sidecar.config import SidecarConfig
from tasks.ingest.sources.sidecar.read import entries
from tests.tasks.ingest.conftest import image_bytes, rows_of

TEXTS: dict[str, bytes | None] = {
    "a.jpg": b"a cat\n",
    "b.png": "\ufeffwith a mark".encode(),
    "c.jpg": "ünï ☃".encode("utf-16"),
    "d.jpg": None,
    "e.jpg": b" \n",
    "f.jpg": b"bad \xff",
    "g.jpg": b"one\r\n\r\ntwo\n",
    "h.JPG": b"x" * 200_000,
    "deep/i.webp": b"deep",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "f"
    (root / "deep").mkdir(parents=True)
    for name, text in TEXTS.items():
        (root / name).write_bytes(image_bytes(kind={"g": "PNG", "p": "WEBP"}.get(name[-1], "JPEG")))
        if text is not None:
            (root / name).with_suffix(".txt").write_bytes(text)
    (root / "README.txt").write_text("no image")
    return root


def config(root: Path, **options: object) -> SidecarConfig:
    return SidecarConfig(name="s", path=root, **options)  # type: ignore[arg-type]


def test_a_pair_for_every_image_and_a_reason_for_every_other_file(folder: Path) -> None:
    accepted, rejected = rows_of(config(folder))
    assert {row["key"]: row["caption"] for row in accepted} == {
        "a.jpg": "a cat",
        "b.png": "with a mark",
        "c.jpg": "ünï ☃",
        "g.jpg": "one\r\n\r\ntwo",
        "deep/i.webp": "deep",
    }
    assert {row["key"]: row["reason"] for row in rejected} == {
        "README.txt": "missing image",
        "d.jpg": "empty caption",
        "e.jpg": "empty caption",
        "f.jpg": "invalid UTF-8",
        "h.JPG": "caption too long",
    }


def test_lines_are_captions_of_their_own_on_request(folder: Path) -> None:
    accepted, _ = rows_of(config(folder, captions="lines"))
    found = [(row["key"], row["caption"]) for row in accepted if row["key"].startswith("g")]
    assert found == [("g.jpg#0", "one"), ("g.jpg#1", "two")]


def test_the_same_rows_in_any_slices(folder: Path) -> None:
    whole = rows_of(config(folder))
    for of in (2, 5, 11):
        assert rows_of(config(folder), tuple(Group(index=index, of=of) for index in range(of))) == whole
    assert entries(folder, ".txt") == sorted([*TEXTS, "README.txt"])


def test_links_out_of_the_folder_are_not_read(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    (folder / "d.txt").symlink_to(tmp_path / "secret.txt")
    assert "secret" not in str(rows_of(config(folder)))


def test_folders_that_are_splits(tmp_path: Path) -> None:
    for split in ("train", "test"):
        (tmp_path / split).mkdir()
        (tmp_path / split / "test.jpg").write_bytes(image_bytes())
        (tmp_path / split / "test.txt").write_text(split)
    assert [row["caption"] for row in rows_of(config(tmp_path))[0]] == ["train"]
    assert len(rows_of(config(tmp_path, split="all"))[0]) == 2
    with pytest.raises(InputError, match="does not exist"):
        plan_groups(config(tmp_path / "none"))


def test_a_picture_of_a_format_that_is_not_read_is_told_as_that(folder: Path) -> None:
    for name in ("phone.HEIC", "web.avif"):
        (folder / name).write_bytes(b"what a decoder here would not know")
        (folder / name).with_suffix(".txt").write_text("a cat")
    _, rejected = rows_of(config(folder, verify="none"))
    odd = {row["key"]: row for row in rejected if row["reason"] == "unreadable image"}
    assert set(odd) == {"phone.HEIC", "web.avif"}
    assert odd["phone.HEIC"]["detail"] == "phone.HEIC: this format is not read; make JPEG or PNG of it"
    assert not {"phone.txt", "web.txt"} & {row["key"] for row in rejected}

"""ImageNet-Captions: fields joined as asked, hostile JSON survived."""

import json
from pathlib import Path

import pytest

from storage.errors import InputError
from tasks.ingest.groups import plan_groups
from tasks.ingest.rules import Group
from tasks.ingest.sources.imagenet_captions.config import ImageNetCaptionsConfig
from tasks.ingest.sources.imagenet_captions.read import caption_of
from tests.tasks.ingest.conftest import rows_of

ENTRY = {"filename": "1.jpg", "wnid": "n01", "title": "A cat", "description": "", "tags": ["cat", "NA"]}


def config(tmp_path: Path, entries: object, folder: Path | None = None, **options: object) -> ImageNetCaptionsConfig:
    path = tmp_path / "captions.json"
    path.write_text(entries if isinstance(entries, str) else json.dumps(entries))
    return ImageNetCaptionsConfig(name="captions", path=path, image_folder=folder, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("fields", "caption"),
    [(("title",), "A cat"), (("title", "description", "tags"), "A cat cat NA"), (("tags", "title"), "cat NA A cat")],
)
def test_the_chosen_fields_in_order_joined_by_one_space(fields: tuple[str, ...], caption: str) -> None:
    assert caption_of(ENTRY, fields) == caption


def test_images_are_found_by_class_and_name(tmp_path: Path, image_folder: Path) -> None:
    accepted, rejected = rows_of(config(tmp_path, [ENTRY, ENTRY | {"filename": "2.jpg", "wnid": "n02"}], image_folder))
    assert not rejected
    assert [(row["key"], row["label"], row["image"]["path"]) for row in accepted] == [
        ("1.jpg", 0, "n01/1.jpg"),
        ("2.jpg", 1, "n02/2.jpg"),
    ]


def test_each_reason_of_rejection_and_any_grouping(tmp_path: Path, image_folder: Path) -> None:
    entries = [
        ENTRY,
        ENTRY,
        {"filename": "2.jpg", "wnid": "n01", "title": " "},
        ENTRY | {"filename": "../../x"},
        ENTRY | {"filename": "3.jpg"},
        "text",
        {"wnid": "n01"},
        ENTRY | {"filename": "4.jpg", "title": 7},
        ENTRY | {"filename": "\ud800"},
        ENTRY | {"filename": "5.jpg", "title": "\udfff"},
    ]
    source = config(tmp_path, entries, image_folder)
    whole = rows_of(source)
    assert len(whole[0]) == 1
    assert [row["reason"] for row in whole[1]] == [
        "duplicate key",
        "empty caption",
        "path escapes the image folder",
        "missing image",
        "malformed row",
        "malformed row",
        "malformed row",
        "malformed row",
        "invalid UTF-8",
    ]
    assert rows_of(source, tuple(Group(index=index, of=4) for index in range(4))) == whole


def test_captions_alone(tmp_path: Path) -> None:
    accepted, _ = rows_of(config(tmp_path, [ENTRY]))
    assert accepted[0]["image"] is None


@pytest.mark.parametrize(
    ("content", "says"),
    [("{}", "holds a JSON dict"), ("[1,", "is not JSON at line 1"), ("[" * 200_000, "nested too deeply|is not JSON")],
)
def test_a_wrong_file_is_one_sentence(tmp_path: Path, content: str, says: str) -> None:
    with pytest.raises(InputError, match=says):
        rows_of(config(tmp_path, content))


def test_bytes_that_are_not_utf8(tmp_path: Path) -> None:
    source = config(tmp_path, [ENTRY])
    source.path.write_bytes(b'["\xff"]')
    with pytest.raises(InputError, match="not UTF-8 at byte 2"):
        rows_of(source)


def test_plan_follows_the_number_of_entries(tmp_path: Path) -> None:
    source = config(tmp_path, [ENTRY | {"filename": str(number)} for number in range(10)], rows_per_group=3)
    assert len(plan_groups(source)) == 4

"""CSV and TSV: presets, separators, slices and shards, scores, several captions an image."""

import gzip
from pathlib import Path

import pytest
from pydantic import ValidationError

from storage.errors import InputError
from tasks.ingest.groups import plan_groups, sources_of
from tasks.ingest.rules import Group
from tasks.ingest.sources.table.config import TableConfig
from tests.tasks.ingest.conftest import rows_of


def write(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


def config(path: Path, **options: object) -> TableConfig:
    return TableConfig(name="t", path=path, **options)  # type: ignore[arg-type]


def rows(path: Path, **options: object) -> tuple[list[dict], list[dict]]:
    source = config(path, **options)
    return rows_of(source, plan_groups(source))


TEXT = 'image,caption,score\nn01/1.jpg,"A cat, ""Tom""",0.5\nn01/1.jpg,NA,\nn02/9.jpg,gone,1\n../x.jpg,out,high\n'


def test_any_two_columns_with_images_beside_the_table(image_folder: Path) -> None:
    path = write(image_folder / "t.csv", TEXT)
    accepted, rejected = rows(path)
    assert [(row["key"], row["caption"], row["image"]["path"]) for row in accepted] == [
        ("t.csv:0", 'A cat, "Tom"', "n01/1.jpg"),
        ("t.csv:1", "NA", "n01/1.jpg"),  # several captions an image
    ]
    assert accepted[0]["image"]["bytes"] == (image_folder / "n01/1.jpg").read_bytes()
    assert [(row["reason"], row["detail"]) for row in rejected] == [
        ("missing image", "t.csv line 4: n02/9.jpg"),
        ("path escapes the image folder", "t.csv line 5: ../x.jpg"),
    ]
    assert sources_of(config(path), Group(files=("t.csv",))) == (path, image_folder)


def test_scores_are_numbers_or_the_row_is_refused(tmp_path: Path) -> None:
    accepted, rejected = rows(write(tmp_path / "t.csv", TEXT), image_column=None, scores=("score",))
    assert [row["scores"]["score"] for row in accepted] == [0.5, None, 1.0]
    assert rejected[0]["detail"] == "t.csv line 5: 'high' in 'score' is no number"


@pytest.mark.parametrize(
    ("preset", "text", "wanted"),
    [
        ("open_clip", "filepath\ttitle\nn01/1.jpg\tA cat\n", ("t.csv:0", "A cat")),
        ("laion", 'URL,TEXT\nhttps://a/1,"A, cat"\n', ("t.csv:0", "A, cat")),
        ("datacomp", "uid,url,text\n00ff,https://a/1,A cat\n", ("00ff", "A cat")),
    ],
)
def test_presets(image_folder: Path, preset: str, text: str, wanted: tuple[str, str]) -> None:
    accepted, rejected = rows(write(image_folder / "t.csv", text), preset=preset)
    assert [(row["key"], row["caption"]) for row in accepted] == [wanted] and not rejected
    assert (accepted[0]["image"] is not None) == (preset == "open_clip")


def test_what_is_said_beside_a_preset_holds(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", "filepath,title\na/1,A cat\n")
    accepted, _ = rows(path, preset="open_clip", separator=",", image_column=None)
    assert [row["caption"] for row in accepted] == ["A cat"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gzip", "cr"])
def test_however_a_table_was_saved(tmp_path: Path, encoding: str) -> None:
    text = '"caption";"other"\n"é; ☃";1\n"two\nlines";2\nthird;3\n'
    if encoding == "gzip":
        path = tmp_path / "t.csv.gz"
        path.write_bytes(gzip.compress(text.encode()))
    elif encoding == "cr":
        path = write(tmp_path / "t.csv", text.replace("\n", "\r"))
    else:
        path = write(tmp_path / "t.csv", text, encoding)
    accepted, rejected = rows(path, image_column=None)
    assert [row["caption"] for row in accepted] == ["é; ☃", "two\nlines", "third"] and not rejected
    assert [row["key"].rpartition(":")[2] for row in accepted] == ["0", "1", "3"]  # places are lines


def test_the_same_rows_in_any_slices_and_shards_of_a_pattern(tmp_path: Path) -> None:
    for shard in range(2):
        lines = [f'"row {shard} {row}{chr(10) if row % 5 == 0 else ""}",{row % 7}' for row in range(40)]
        write(tmp_path / f"part-{shard}.csv", "caption,key\n" + "\n".join(lines) + '\n"open,1\n')
    source = config(tmp_path / "part-*.csv", image_column=None, key_column="key")
    whole = rows_of(source, (Group(files=("part-0.csv", "part-1.csv")),))
    assert len(whole[0]) == 7 and {row["reason"] for row in whole[1]} == {"duplicate key", "malformed row"}
    for of in (2, 5, 31):
        cut = tuple(Group(files=("part-0.csv", "part-1.csv"), index=index, of=of) for index in range(of))
        assert rows_of(source, cut) == whole
    keyless = source.model_copy(update={"key_column": None})
    assert [group.files for group in plan_groups(keyless)] == [("part-0.csv",), ("part-1.csv",)]
    assert len(rows_of(keyless, plan_groups(keyless))[0]) == 80


def test_splits_in_one_folder(tmp_path: Path) -> None:
    for split in ("train", "val"):
        write(tmp_path / f"{split}.csv", f"caption\n{split}\n")
    assert [row["caption"] for row in rows(tmp_path, image_column=None)[0]] == ["train"]
    assert [row["caption"] for row in rows(tmp_path, image_column=None, split="validation")[0]] == ["val"]


def test_faults_are_one_sentence(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", "title,file\na,b\n")
    with pytest.raises(InputError, match=r"no column 'caption': its first line must be a header of comma-separated"):
        rows(path)
    with pytest.raises(ValidationError, match="cannot be a quote"):
        config(path, separator='"')
    with pytest.raises(InputError, match="does not exist"):
        rows(path, caption_column="title", image_column="file", image_folder=tmp_path / "none")


def test_an_image_folder_of_links_to_another_disk(image_folder: Path, tmp_path: Path) -> None:
    linked = tmp_path / "linked"
    linked.mkdir()
    (linked / "1.jpg").symlink_to(image_folder / "n01" / "1.jpg")
    path = write(linked / "t.csv", "image,caption\n1.jpg,A cat\n")
    assert "name its folder in links_to" in rows(path)[1][0]["detail"]
    accepted, _ = rows(path, links_to=(str(image_folder),))
    assert accepted[0]["image"]["bytes"] == (image_folder / "n01" / "1.jpg").read_bytes()


def test_kept_columns_and_concepts_in_cells(tmp_path: Path) -> None:
    path = write(
        tmp_path / "t.csv",
        'caption,url,tags,sure\none,http://h,"[""cat"", ""dog""]","[0.5, 0.75]"\ntwo,,,\nthree,x,cat,\n',
    )
    accepted, rejected = rows(path, image_column=None, keep=("url", "tags"), concepts="tags", concept_scores="sure")
    assert [row["kept"]["url"] for row in accepted] == ["http://h", ""]
    assert accepted[0]["kept"]["tags"] == '["cat", "dog"]'
    assert [row["concepts"] for row in accepted] == [
        [{"label": "dog", "score": 0.75}, {"label": "cat", "score": 0.5}],
        None,
    ]
    assert [row["reason"] for row in rejected] == ["malformed row"]
    with pytest.raises(InputError, match=r"no column 'absent'|has no column 'absent'"):
        rows(path, image_column=None, keep=("absent",))
    with pytest.raises(ValidationError, match="name their column too"):
        config(path, concept_scores="sure")
    with pytest.raises(ValidationError, match="'url' is named twice"):
        config(path, keep=("url", "url"))

"""JSON lines: fields as columns, several captions a line, the same rows in any slices."""

import json
from pathlib import Path

from tasks.ingest.groups import plan_groups
from tasks.ingest.rules import CarryingRules, Group
from tasks.ingest.sources.jsonl.config import JsonLinesConfig
from tasks.ingest.tables.columns import columns_of
from tasks.ingest.tables.forms.json_lines import schemas_of
from tests.tasks.ingest.conftest import rows_of


def write(path: Path, *lines: object) -> Path:
    path.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines), encoding="utf-8")
    return path


def config(path: Path, **options: object) -> JsonLinesConfig:
    return JsonLinesConfig(name="j", path=path, **options)  # type: ignore[arg-type]


def test_lines_with_images_scores_and_labels(image_folder: Path) -> None:
    path = write(
        image_folder / "t.jsonl",
        {"caption": "one", "image": "n01/1.jpg", "score": 0.5, "label": 3, "other": {"deep": [1]}},
        "",
        {"caption": ["two", "three"], "image": "n02/1.jpg", "score": None},
        {"caption": "no image"},
        {"caption": 4, "image": "n01/1.jpg"},
        '{"caption": "cut',
        {"caption": "half", "image": "n01/1.jpg", "label": 1.5},
        {"caption": "", "image": "n01/1.jpg"},
    )
    source = config(path, scores=("score",), label_column="label")
    accepted, rejected = rows_of(source, plan_groups(source))
    assert [(row["key"], row["caption"], row["label"], row["scores"]["score"]) for row in accepted] == [
        ("t.jsonl:0", "one", 3, 0.5),
        ("t.jsonl:2#0", "two", None, None),
        ("t.jsonl:2#1", "three", None, None),
    ]
    assert [(row["reason"], row["detail"].partition(":")[0]) for row in rejected] == [
        ("missing image", "t.jsonl line 4"),
        ("malformed row", "line 5 cannot be read as JSON (Column(/caption) changed from string to number)"),
        ("malformed row", rejected[2]["detail"].partition(":")[0]),
        ("malformed row", "t.jsonl line 7"),
        ("empty caption", "t.jsonl line 8"),
    ]


def test_the_same_rows_in_any_slices(tmp_path: Path) -> None:
    lines = [{"caption": f"c{row}" if row % 7 else [f"c{row}", "more"], "id": row % 20} for row in range(60)]
    source = config(write(tmp_path / "t.jsonl", *lines[:30], "{", *lines[30:]), image_column=None, key_column="id")
    whole = rows_of(source, (Group(files=("t.jsonl",)),))
    assert len(whole[0]) == 23 and len(whole[1]) == 41
    for of in (2, 7, 32):
        assert rows_of(source, tuple(Group(files=("t.jsonl",), index=index, of=of) for index in range(of))) == whole


def test_types_that_columns_may_have() -> None:
    columns = columns_of(caption="c", image="i", label=None, key="k", carrying=CarryingRules(scores=("s",)))
    kinds = [[str(field.type) for field in schema] for schema in schemas_of(columns)]
    assert len(kinds) == 4 and kinds[0] == ["double", "string", "string", "string"]


def test_kept_fields_and_concepts_of_any_type(tmp_path: Path) -> None:
    path = write(
        tmp_path / "t.jsonl",
        {"caption": "one", "url": "http://h", "seen": [{"label": "cat", "score": 0.5}]},
        {"caption": ["two", "three"], "url": 7, "seen": ["dog"]},
        {"caption": "four", "url": {"a": [1, "é"]}, "seen": {"cat": 1, "dog": 0.25}},
        {"caption": "five", "seen": "[]"},
        {"caption": "six", "seen": 3},
        '{"caption": "seven", "n": ' + "[" * 5_000 + "]" * 5_000 + "}",
    )
    source = config(path, image_column=None, keep=("url",), concepts="seen")
    accepted, rejected = rows_of(source, plan_groups(source))
    cat, dog = {"label": "cat", "score": 0.5}, {"label": "dog", "score": None}
    assert [(row["caption"], row["kept"]["url"], row["concepts"]) for row in accepted[:3]] == [
        ("one", "http://h", [cat]), ("two", "7", [dog]), ("three", "7", [dog])
    ]  # fmt: skip
    assert accepted[3]["kept"]["url"] == '{"a": [1, "é"]}'
    assert [each["label"] for each in accepted[3]["concepts"]] == ["cat", "dog"]
    assert (accepted[4]["kept"], accepted[4]["concepts"]) == ({"url": None}, [])
    assert [(row["key"], row["reason"]) for row in rejected] == [
        ("t.jsonl line 5", "malformed row"),
        ("t.jsonl:5", "malformed row"),
    ]
    assert "'3' in 'seen' is no list of concepts" in rejected[0]["detail"]

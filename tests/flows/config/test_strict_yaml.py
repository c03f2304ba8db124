"""YAML that a person reads otherwise than a parser does is refused, with the line; and what would never end."""

import json
from pathlib import Path

import pytest

from flows.config.strict_yaml import read_yaml
from storage.errors import InputError


def fault(tmp_path: Path, text: str) -> str:
    path = tmp_path / "a.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_yaml(path)
    return str(caught.value).removeprefix(str(path))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 0.001), ("1E6", 1e6), ("20", 20), ("010", 10), ("1_000", 1000), ("0xff", 255), ("-2.5", -2.5),
        ("no", "no"), ("on", "on"), ("y", "y"), ("true", True), ("False", False), ("~", None), ("", None),
        ("12:30", "12:30"), ("2026-11-26", "2026-11-26"), (".inf", float("inf")), ("'20'", "20"), ("1.2.3", "1.2.3"),
    ],
)  # fmt: skip
def test_plain_values_are_those_of_the_core_schema(tmp_path: Path, text: str, value: object) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(f"a: {text}\n")
    found = read_yaml(path).values["a"]
    assert found == value and type(found) is type(value)


def test_anchors_and_merges_are_taken(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("a: &x {p: 1, q: 2}\nb: {<<: *x, q: 3}\n")
    assert read_yaml(path).values == {"a": {"p": 1, "q": 2}, "b": {"p": 1, "q": 3}}


def test_every_value_has_its_line(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("a:\n  b: 1\n  c:\n    - 2\n    - d: 3\n")
    document = read_yaml(path)
    places: list[tuple[str | int, ...]] = [("a", "b"), ("a", "c", 0), ("a", "c", 1, "d"), ("a", "absent")]
    assert [document.line(place) for place in places] == [2, 4, 5, 1]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: 1\nb: 2\na: 3\n", ", line 3: `a` is given twice, first in line 1"),
        ("x: {a: 1, a: 1}", "`a` is given twice"),
        ("name: !!python/object/apply:os.system ['true']", "the tag !!python/object/apply:os.system is not taken"),
        ("a: !mine 3", "the tag !mine is not taken"),
        ("a: !!binary aGk=", "the tag !!binary is not taken"),
        ("1: 2", "`1` is no field's name"),
        ("? [a]\n: 1", "the name of a field is text"),
        ("a: " + "9" * 5000, "5,000 characters is too long"),
        ("a: " + "[" * 5000, "more than 40 levels"),
        ("a: " + "{a: " * 5000, "more than 40 levels"),
        ("a: &a [*a]", "for ever"),
        ("a: *absent", "is not YAML"),
        ("- a list", "holds no settings"),
        ("", "holds no settings"),
        ("\x00", "is not YAML"),
        ("a: 1\n\tb: 2", "line 2, is not YAML"),
    ],
)
def test_what_is_refused(tmp_path: Path, text: str, words: str) -> None:
    said = fault(tmp_path, text)
    assert words in said and "\n" not in said


def test_aliases_that_grow_without_bound(tmp_path: Path) -> None:
    lines = ["a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    lines += [f"{name}: &{name} [{', '.join([f'*{before}'] * 10)}]" for before, name in zip("abcdefgh", "bcdefghi")]
    assert "300,000 values" in fault(tmp_path, "\n".join(lines))


def test_all_faults_are_told_in_order(tmp_path: Path) -> None:
    said = fault(tmp_path, "a: 1\na: 2\nb: !x 3\nc: {d: 1, d: 2}\n")
    assert [line.split(":")[0] for line in said.splitlines()] == [" has 3 faults", "  line 2", "  line 3", "  line 4"]


def test_what_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "only.yaml").write_text("a: 1")
    for path, words in ((tmp_path, "only.yaml"), (tmp_path / "absent.yaml", "does not exist")):
        with pytest.raises(InputError, match=words):
            read_yaml(path)
    (tmp_path / "latin.yaml").write_bytes(b"a: \xe9")
    with pytest.raises(InputError, match="UTF-8"):
        read_yaml(tmp_path / "latin.yaml")
    (tmp_path / "bom.yaml").write_bytes(b"\xef\xbb\xbfa: 1")
    assert read_yaml(tmp_path / "bom.yaml").values == {"a": 1}


def test_characters_that_json_escapes_in_halves_are_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(json.dumps({"🦩": ["a 🦩", "é"]}))
    assert "\\ud83e" in path.read_text()
    assert read_yaml(path).values == {"🦩": ["a 🦩", "é"]}
    assert fault(tmp_path, 'a: 1\nb: "x\\ud800"') == ", line 2: \\ud800 is half a character; write the character itself"
    assert "half a character" in fault(tmp_path, '"\\udc00": 1')

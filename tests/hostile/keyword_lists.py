"""Keyword lists that are cut, nested, repeated or no texts."""

from pathlib import Path
from typing import Any

from tasks.matching.config import JsonEntries, TextEntries
from tasks.matching.lists.sources import read_source
from tests.hostile.case import Case, Content, Link, Rows, put


def case(
    name: str, content: Content | Link, taken: tuple[str, ...] = (), error: str | None = None, file: str = "list.json"
) -> Case:
    def read(folder: Path) -> Rows:
        put(folder, {"lists/list.json": content, "outside.json": b'["outside"]'})
        made: Any = (TextEntries if name.startswith("text") else JsonEntries)(file=file)
        return Rows(tuple(read_source(made, folder / "lists", ())))

    return Case("Keyword lists", name, read, taken, (), error)


CASES = (
    case("brackets 100,000 deep", b"[" * 100_000, error="nested too deeply"),
    case("a number of 5,000 digits", b"[" + b"9" * 5_000 + b"]", error="number"),
    case("NaN", b'["red", NaN]', error="not a string"),
    case("an object", b'{"a": "red"}', error="must hold a JSON list"),
    case("null among texts", b'["red", null]', error="not a string"),
    case("a list in the list", b'["red", ["blue"]]', error="not a string"),
    case("cut short", b'["red", "blu', error="is not JSON"),
    case("no bytes", b"", error="is not JSON"),
    case("a byte order mark", b'\xef\xbb\xbf["red"]', ("red",)),
    case("UTF-16", '["red"]'.encode("utf-16"), error="is not UTF-8"),
    case("markup is a text", b'["<script>alert(1)</script>"]', ("<script>alert(1)</script>",)),
    case("a name that leads out", b'["red"]', error="lies outside", file="../outside.json"),
    case("a link that leads out", Link("../../secret"), error="lies outside"),
    case("a folder", b'["red"]', error="is a folder", file=""),
    case("no such file", b'["red"]', error="does not exist", file="other.json"),
    case("text with CR at line ends and blank lines", b"red\r\n\r\nblue\r\n", ("red", "blue")),
    case("text that is not UTF-8", b"red\ncaf\xe9\n", error="is not UTF-8"),
)

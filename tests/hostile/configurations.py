"""YAML configurations, as one is handed them: only ever data, refused in one sentence."""

from collections.abc import Callable
from pathlib import Path

from flows.config.pipeline import load_experiment
from tasks.ingest.sources.jsonl.config import JsonLinesConfig
from tests.hostile.case import Case, Content, Link, Rows, put, source

WHOLE = """\
name: tiny
sources: [{kind: scenes, name: scenes, rows: 64}]
metadata: {sources: [{kind: entries, entries: [red]}]}
"""


def reading(files: dict[str, Content | Link], path: str) -> Callable[[Path], Rows]:
    def read(folder: Path) -> Rows:
        put(folder, files)
        return Rows((load_experiment(folder / path).name,))

    return read


def refused(name: str, content: str | bytes | Callable[[], bytes], error: str) -> Case:
    held = content.encode() if isinstance(content, str) else content
    return Case("YAML configurations", name, reading({"a.yaml": held}, "a.yaml"), error=error)


def right(name: str, content: str, taken: str = "tiny") -> Case:
    return Case("YAML configurations", name, reading({"a.yaml": content.encode()}, "a.yaml"), (taken,))


def url(name: str, path: str, error: str) -> Case:
    content = WHOLE.replace("kind: scenes, name: scenes, rows: 64", f"kind: jsonl, name: s, path: {path!r}")
    return Case("URLs and paths", name, reading({"a.yaml": content.encode()}, "a.yaml"), error=error)


BOMB = "a: &a [x, x]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [*{chr(97 + n)}, *{chr(97 + n)}]\n" for n in range(24)
)

CASES = (
    right("a byte order mark", "\ufeff" + WHOLE),
    refused(
        "a tag that would call os.system",
        "name: !!python/object/apply:os.system [touch pwned]\n" + WHOLE[11:],
        "is not taken",
    ),
    refused("a tag that would import a module", "name: !!python/module:this ''\n", "is not taken"),
    refused("a tag of nobody's", "name: !x y\n", "is not taken"),
    refused("a key twice", WHOLE + "name: other\n", "twice"),
    refused("a key twice, deep inside", WHOLE.replace("rows: 64", "rows: 64, rows: 65"), "twice"),
    refused("brackets 100,000 deep", "name: " + "[" * 100_000, "levels are nested"),
    refused("objects 5,000 deep", "name: " + "{a: " * 5_000 + "}" * 5_000, "levels are nested"),
    refused("lines indented 2,000 deep", "".join(" " * n + "a:\n" for n in range(2_000)), "levels are nested"),
    refused("anchors that unfold to 2^25 texts", BOMB + WHOLE, "it grows to more than"),
    refused("an anchor that holds itself", "name: &a [*a]\n" + WHOLE[11:], "or for ever"),
    refused("an alias of nothing", "name: *a\n", "is not YAML"),
    refused("a number of 5,000 digits", "workers: " + "9" * 5_000 + "\n" + WHOLE, "is too long"),
    right("a day that no calendar has is a text", "name: 2024-13-45\n" + WHOLE[11:], "2024-13-45"),
    refused("a list as a key", "? [a]\n: b\n", "the name of a field is text"),
    refused("a number as a key", "1: 2\n" + WHOLE, "is no field's name"),
    refused("two documents", WHOLE + "---\n" + WHOLE, "is not YAML"),
    refused("TAB as indentation", "name:\n\tx\n", "is not YAML"),
    refused("a NUL", b"name: a\0b\n", "is not YAML"),
    refused("Latin-1", b"name: caf\xe9\n", "is not YAML"),
    refused("1 MB of one text", lambda: WHOLE.replace("tiny", "x" * 1_000_000).encode(), "`name` needs"),
    refused("no bytes", b"", "holds no settings"),
    refused("a list", b"[]", "holds no settings"),
    refused("a picture called .yaml", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "is not YAML"),
    refused("a field that nobody knows", WHOLE + "balancign: {}\n", "did you mean `balancing`"),
    refused("a name that leads out", WHOLE.replace("tiny", "../../up"), "`name`"),
    refused("the name ..", WHOLE.replace("tiny", '".."'), "`name`"),
    refused("true as a number", WHOLE.replace("rows: 64", "rows: true"), "needs a whole number, not true"),
    refused("infinity as a number", WHOLE + "balancing: {method: threshold, t: .inf}\n", "finite"),
    refused("NaN as a number", WHOLE.replace("rows: 64", "rows: 64, exponent: .nan"), "exponent"),
    refused("rows: -1", WHOLE.replace("rows: 64", "rows: -1"), "rows"),
    Case("YAML configurations", "a folder in its place", reading({"a.yaml/x": b""}, "a.yaml"), error="is a folder"),
    Case("YAML configurations", "no such file", reading({}, "a.yaml"), error="does not exist"),
    url("a password in a URL", "https://me:secret@example.org/x.jsonl", "holds a password"),
    url("a scheme that nothing reads", "gopher://example.org/x", "gopher"),
    url("javascript:", "javascript://x", "javascript"),
    Case(
        "URLs and paths",
        "a NUL in a path",
        source(JsonLinesConfig, {}, "a\0b", image_column=None),
        error="does not exist",
    ),
    Case(
        "URLs and paths",
        "a path of 5,000 letters",
        source(JsonLinesConfig, {}, "x" * 5_000, image_column=None),
        error="does not exist",
    ),
)

"""`equipoise init`: look at data, say what they are taken for, and write a configuration that runs as it stands."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flows.commands.console import AsJson, say, say_json, whisper
from storage.errors import InputError

if TYPE_CHECKING:
    from tasks.ingest.recognition.recognise import Recognised


def init(
    path: Annotated[str, typer.Argument(metavar="PATH", help="a file, a folder, a pattern of files, or a URL")],
    out: Annotated[Path, typer.Option(help="the YAML file to write")],
    benchmark: Annotated[
        str | None,
        typer.Option(help="take its class names as keywords: a name in clip-benchmark, or a folder in wds/ layout"),
    ] = None,
    force: Annotated[bool, typer.Option(help="write over a file that is there")] = False,
    as_json: AsJson = False,
) -> None:
    """Look at data and write a commented configuration that curates them: `equipoise run FILE --verb curate`."""
    from flows.config.pipeline import load_config
    from storage.places.place import place
    from tasks.ingest.recognition.recognise import recognise

    if out.exists() and not force:
        raise InputError(f"{out} exists; name another file, or say --force to write over it")
    _require_something(path)
    found = recognise(place(path))
    keywords, said = keyword_list(benchmark)
    tell = whisper if as_json else say
    tell(f"{path}: kind {found.kind}")
    for note in [*found.notes, said]:
        tell(f"  {note}")
    if None in (found.settings.get("caption_column", ""), found.settings.get("caption", "")):
        raise InputError(f"no captions were found in {path}: write the configuration by hand (docs/how-to/data.md)")
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(configuration(path, found, keywords, said, name_of(out)), encoding="utf-8")
    load_config(out)  # so that what was written is a configuration
    step = f"equipoise run {out} --verb curate"
    if as_json:
        say_json({"file": str(out), "kind": found.kind, "notes": [*found.notes, said], "next": step})
        return
    say(f"wrote {out}: {step}")


def _require_something(path: str) -> None:
    """Raise `InputError` for a path of this machine that names nothing, or an empty folder."""
    if not path.strip():
        raise InputError("PATH is empty; name a file, a folder, a pattern of files, or a URL")
    local = Path(path)
    if "://" in path or any(letter in path for letter in "*?[{"):
        return
    if not local.exists():
        raise InputError(f"{path} does not exist; name a file, a folder, a pattern of files, or a URL")
    if local.is_dir() and not any(local.iterdir()):
        raise InputError(f"{path} is an empty folder; name one that holds captions, or their file")


def name_of(out: Path) -> str:
    """A name for the experiment: the file's, of the characters that a name may have."""
    return "".join(letter if letter.isalnum() or letter in "._-" else "_" for letter in out.stem) or "data"


def keyword_list(benchmark: str | None) -> tuple[str, str]:
    """The section `metadata` in YAML, and what it says in words."""
    if benchmark is None:
        said = "keywords: frequent words and word pairs of the captions, because no benchmark is named (--benchmark)"
        return "  sources:\n    - {kind: words, minimum_count: 2}\n    - {kind: bigrams, minimum_count: 5}\n", said
    folder = Path(benchmark)
    if folder.is_dir():
        names = folder / "classnames.txt"
        if not names.is_file():
            raise InputError(f"{folder} has no classnames.txt: name a benchmark in clip-benchmark's wds/ layout")
        return f"  files: {quoted(names)}\n  sources:\n    - kind: text\n", f"keywords: the class names in {names}"
    from tasks.matching.config import ClassNameEntries
    from tasks.matching.lists.sources import read_source

    count = len(read_source(ClassNameEntries(datasets=(benchmark,)), None, ()))
    return (
        f"  sources:\n    - {{kind: class_names, datasets: [{quoted(benchmark)}]}}\n",
        f"keywords: the {count} class names of {benchmark}",
    )


def configuration(path: str, found: Recognised, keywords: str, said: str, name: str) -> str:
    """The YAML file."""
    comments = "".join(f"# {line(note)}\n" for note in found.notes)
    settings = "".join(f"    {option}: {quoted(value)}\n" for option, value in found.settings.items())
    scores = f"    # scores: {quoted(list(found.scores))}  # carried along; screening can filter by them\n"
    return f"""# Curation of {line(path)}, written by `equipoise init`. What it was taken for:
{comments}name: {quoted(name)}

sources:
  - kind: {found.kind}
    name: {quoted(name)}
    path: {quoted(path)}
{settings}{scores if found.scores else ""}
# {line(said)}
metadata:
{keywords}  spacing: {{normalise: unicode, fold_case: true}}  # case does not matter

# Keywords of more than t captions are brought down to t, as far as rarer keywords of the same captions allow;
# the others stay as they are. Other methods and targets: docs/how-to/choose.md.
balancing:
  method: calibrate
  target: {{kind: capped, t: 20}}

# From weights to a selection: a draw of each caption by its weight; copies where that exceeds 1.
resampling:
  method: residual
"""


def quoted(value: object) -> str:
    """A value in YAML, on one line, whatever characters it has."""
    return json.dumps(str(value) if isinstance(value, Path) else value)


def line(text: str) -> str:
    """A text in a comment: nothing in it can end the line."""
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in text)

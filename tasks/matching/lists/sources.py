"""Reading the lists that a metadata list is made of."""

import importlib.resources
import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from storage.errors import InputError
from tasks.matching.config import (
    BigramEntries,
    ClassNameEntries,
    ConceptEntries,
    ExplicitEntries,
    JsonEntries,
    Source,
    TextEntries,
    WordEntries,
    WordFrequencyEntries,
    WordNetEntries,
)

if TYPE_CHECKING:
    from tasks.matching.concepts import Detected  # numba: a preflight reads lists without it


def read_source(
    source: Source, files: Path | None, captions: Iterable[pa.Array], detected: "Detected | None" = None
) -> list[str]:
    """The keywords of one source, in its own order.

    Args:
        source: which.
        files: the file, or the folder of files, that sources read.
        captions: the corpus, for words and bigrams.
        detected: the corpus's concepts, for those.
    """
    match source:
        case ExplicitEntries():
            return list(source.entries)
        case JsonEntries():
            return _json_entries(_inside(files, source.file, source.kind))
        case TextEntries():
            # `splitlines` would also cut at form feeds and Unicode's separators, which may stand inside a keyword.
            lines = _read_text(_inside(files, source.file, source.kind)).split("\n")
            return [line for line in lines if line.strip()]
        case WordNetEntries():
            from tasks.matching.lists.wordnet import wordnet_heads, wordnet_lemmas

            folder = None if source.folder is None else _inside(files, source.folder, source.kind)
            words = wordnet_lemmas if source.words == "lemmas" else wordnet_heads
            return words(source.parts_of_speech, folder)
        case WordFrequencyEntries():
            return _frequent_words(source)
        case ClassNameEntries():
            return _class_names(source.datasets)
        case WordEntries():
            from tasks.matching.lists.words import corpus_words

            return corpus_words(
                captions,
                minimum_count=source.minimum_count,
                maximum_share=source.maximum_share,
                limit=source.limit,
            )
        case ConceptEntries():
            if detected is None:
                raise InputError("the metadata source 'concepts' reads the pairs' concepts: there are none to read")
            return detected.frequent(minimum_count=source.minimum_count, limit=source.limit)
        case BigramEntries():
            from tasks.matching.lists.bigrams import corpus_bigrams  # with polars, which few lists need

            found = corpus_bigrams(
                captions,
                minimum_count=source.minimum_count,
                minimum_pmi=source.minimum_pmi,
                limit=source.limit,
            )
            return list(found.texts)


def _inside(files: Path | None, name: str, kind: str) -> Path:
    """A file of the folder `files`, or `files` itself; never one outside it."""
    if files is None:
        raise InputError(f"metadata source {kind!r} reads a file: set `files` to the file or to its folder")
    path = files / name if name else files
    if not path.resolve().is_relative_to(files.resolve()):
        raise InputError(f"metadata source {kind!r}: {name!r} lies outside {files}; name a file inside that folder")
    if not path.exists():
        raise InputError(f"metadata source {kind!r}: {path} does not exist; check `files` and `file`")
    return path


def _read_text(path: Path) -> str:
    if not path.is_file():
        raise InputError(f"{path} is a folder; name the file inside it with `file`")
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as fault:
        raise InputError(f"{path} is not UTF-8 (byte {fault.start}); convert it, for instance with iconv") from None


def _json_entries(path: Path) -> list[str]:
    try:
        entries = json.loads(_read_text(path))
    except json.JSONDecodeError as fault:
        raise InputError(f"{path} is not JSON ({fault.msg}, line {fault.lineno}); expected a list of strings") from None
    except RecursionError:
        raise InputError(f"{path} is nested too deeply; expected a list of strings") from None
    except ValueError:  # Python's bound of 4,300 digits
        raise InputError(f"{path} holds a number of thousands of digits; expected a list of strings") from None
    if not isinstance(entries, list):
        raise InputError(f"{path} must hold a JSON list of strings, not a JSON {type(entries).__name__}")
    for place, entry in enumerate(entries):
        if not isinstance(entry, str):
            raise InputError(f"{path}: entry {place} is {entry!r:.40}, not a string; a metadata list holds strings")
    return entries


def _frequent_words(source: WordFrequencyEntries) -> list[str]:
    try:
        import wordfreq
    except ImportError:
        raise InputError("metadata source 'wordfreq' needs the package wordfreq: pip install wordfreq") from None
    try:
        ranked = wordfreq.get_frequency_dict(source.language, source.wordlist)
    except (LookupError, ValueError) as fault:  # no such list; no such language code
        raise InputError(f"metadata source 'wordfreq': {fault}; choose another `language` or `wordlist`") from None
    least = 10.0 ** (source.minimum_zipf - 9)
    kept = [(word, frequency) for word, frequency in ranked.items() if frequency >= least]
    return [word for word, _ in sorted(kept, key=lambda each: (-each[1], each[0]))]


def _class_names(datasets: tuple[str, ...]) -> list[str]:
    try:
        table = importlib.resources.files("clip_benchmark") / "datasets" / "en_classnames.json"
        named: dict[str, list[str]] = json.loads(table.read_text(encoding="utf-8"))
    except (ModuleNotFoundError, FileNotFoundError):
        raise InputError(
            "metadata source 'class_names' reads clip-benchmark's en_classnames.json: pip install clip-benchmark"
        ) from None
    unknown = [name for name in datasets if name not in named]
    if unknown:
        raise InputError(f"metadata source 'class_names': no {unknown[0]!r} in clip-benchmark; it has {sorted(named)}")
    names = [name for dataset in datasets or sorted(named) for name in named[dataset]]
    return list(dict.fromkeys(names))

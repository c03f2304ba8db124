"""WordNet's lemmas, or the head of every synset, from whichever copy of WordNet is installed."""

import os
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from storage.errors import InputError
from storage.hashing import hash_file, hash_json

Folder = Path | zipfile.Path
"""A folder with WordNet's index files; nltk leaves its download packed."""

_DEBIAN = Path("/usr/share/wordnet")
_WN_PARTS = {"noun": "n", "verb": "v", "adj": "as", "adv": "r"}
"""The letters of `wn`; `index.adj` lists satellite adjectives (s) with the others (a), and so do we."""


def wordnet_lemmas(parts_of_speech: Sequence[str], folder: Path | None = None) -> list[str]:
    """Lemmas in the order of the index files, each once, underscores turned into spaces.

    Reads `folder` if given; otherwise the first of: the folder that `WNSEARCHDIR` names, nltk's `wordnet` corpus,
    Debian's wordnet-base, and the English lexicon of the `wn` package. Raises `InputError` where there is none.
    """
    place = folder or _installed_folder()
    if place is not None:
        lemmas = [lemma for part in parts_of_speech for lemma in _index_lemmas(place / f"index.{part}")]
    else:
        lemmas = _wn_lemmas(parts_of_speech)
    return list(dict.fromkeys(lemmas))


def wordnet_heads(parts_of_speech: Sequence[str], folder: Path | None = None) -> list[str]:
    """The first word of every synset, in the order of the data files, each once: what MetaCLIP takes from WordNet.

    MetaCLIP takes a synset's name in nltk, `dog.n.01`, up to its first full stop. So words come in lower case, and
    abbreviations are cut: `d.c.` becomes `d`. A synset's other words, `automobile` beside `car`, come only where they
    are the first of another. Reads and raises as `wordnet_lemmas` does.
    """
    place = folder or _installed_folder()
    if place is not None:
        words = [word for part in parts_of_speech for word in _data_heads(place / f"data.{part}")]
    else:
        words = _wn_heads(parts_of_speech)
    heads = (word.lower().split(".", 1)[0].replace("_", " ") for word in words)
    return [head for head in dict.fromkeys(heads) if head]


def installed_wordnet() -> str:
    """What identifies the copy that would be read: its content, or the lexicons of `wn`; or "absent"."""
    place = _installed_folder()
    if isinstance(place, zipfile.Path):
        return hash_file(Path(str(place.root.filename)))
    if place is not None:
        return hash_json([hash_file(path) for kind in ("index", "data") for path in sorted(place.glob(f"{kind}.*"))])
    try:
        import wn
    except ImportError:
        return "absent"
    return " ".join(sorted(lexicon.specifier() for lexicon in wn.lexicons(lang="en"))) or "absent"


def _index_lemmas(path: Folder) -> Iterator[str]:
    """The first field of every line of an `index.<part>` file (wndb(5WN))."""
    return (line.split(" ", 1)[0].replace("_", " ") for line in _entries(path))


def _data_heads(path: Folder) -> Iterator[str]:
    """The fifth field of every line of a `data.<part>` file, without an adjective's marker: `galore(ip)`."""
    for line in _entries(path):
        fields = line.split(" ", 5)
        if len(fields) < 6:
            raise InputError(f"{path} holds the line {line[:40]!r}, which is no synset; give WordNet's data files")
        yield fields[4].split("(", 1)[0]


def _entries(path: Folder) -> Iterator[str]:
    """The lines of a file of the dictionary; its licence's begin with a space."""
    if not path.is_file():
        raise InputError(f"{path} is missing; `folder` must hold WordNet's index and data files")
    with path.open(encoding="utf-8") as lines:
        yield from (line for line in lines if not line.startswith(" "))


def _installed_folder() -> Folder | None:
    named = os.environ.get("WNSEARCHDIR")
    candidates: list[Folder] = [*([Path(named)] if named else []), *_nltk_folders(), _DEBIAN]
    return next((folder for folder in candidates if (folder / "index.noun").is_file()), None)


def _nltk_folders() -> Iterator[Folder]:
    try:
        from nltk import data
    except ImportError:
        return
    for place in data.path:
        corpora = Path(place) / "corpora"
        yield corpora / "wordnet"
        if zipfile.is_zipfile(corpora / "wordnet.zip"):
            yield zipfile.Path(corpora / "wordnet.zip", "wordnet/")


def _wn_lemmas(parts_of_speech: Sequence[str]) -> list[str]:
    return _of_wn(parts_of_speech, lambda wn, letter: [word.lemma() for word in wn.words(pos=letter, lang="en")])


def _wn_heads(parts_of_speech: Sequence[str]) -> list[str]:
    return _of_wn(
        parts_of_speech,
        lambda wn, letter: [words[0] for synset in wn.synsets(pos=letter, lang="en") if (words := synset.lemmas())],
    )


def _of_wn(parts_of_speech: Sequence[str], read: Callable[[Any, str], list[str]]) -> list[str]:
    """What `read(wn, letter)` gives for every letter of the parts of speech."""
    missing = InputError(
        "no WordNet found; install Debian's wordnet-base, or nltk's corpus `wordnet`, or give `folder` in `files`"
    )
    try:
        import wn
    except ImportError:
        raise missing from None
    letters = [letter for part in parts_of_speech for letter in _WN_PARTS[part]]
    try:
        return [word for letter in letters for word in read(wn, letter)]
    except (wn.Error, OSError):
        # No English lexicon was downloaded, or there is no database at all.
        raise missing from None

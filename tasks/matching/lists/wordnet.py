"""WordNet's lemmas, from whichever copy of WordNet is installed."""

import os
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

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


def installed_wordnet() -> str:
    """What identifies the copy that `wordnet_lemmas` would read: its content, or the lexicons of `wn`; or "absent"."""
    place = _installed_folder()
    if isinstance(place, zipfile.Path):
        return hash_file(Path(str(place.root.filename)))
    if place is not None:
        return hash_json([hash_file(path) for path in sorted(place.glob("index.*"))])
    try:
        import wn
    except ImportError:
        return "absent"
    return " ".join(sorted(lexicon.specifier() for lexicon in wn.lexicons(lang="en"))) or "absent"


def _index_lemmas(path: Folder) -> Iterator[str]:
    """The first field of every line of an `index.<part>` file (wndb(5WN)); the licence's lines begin with a space."""
    if not path.is_file():
        raise InputError(f"{path} is missing; `folder` must hold WordNet's index files")
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            if not line.startswith(" "):
                yield line.split(" ", 1)[0].replace("_", " ")


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
    missing = InputError(
        "no WordNet found; install Debian's wordnet-base, or nltk's corpus `wordnet`, or give `folder` in `files`"
    )
    try:
        import wn
    except ImportError:
        raise missing from None
    letters = [letter for part in parts_of_speech for letter in _WN_PARTS[part]]
    try:
        return [word.lemma() for letter in letters for word in wn.words(pos=letter, lang="en")]
    except (wn.Error, OSError):
        # No English lexicon was downloaded, or there is no database at all.
        raise missing from None

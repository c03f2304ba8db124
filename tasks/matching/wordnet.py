"""WordNet's lemmas, from whichever copy of WordNet is installed."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from storage.errors import InputError

_DEBIAN = Path("/usr/share/wordnet")


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


def _index_lemmas(path: Path) -> Iterator[str]:
    """The first field of every line of an `index.<part>` file (wndb(5WN)); the licence's lines begin with a space."""
    if not path.is_file():
        raise InputError(f"{path} is missing; `folder` must hold WordNet's index files")
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            if not line.startswith(" "):
                yield line.split(" ", 1)[0].replace("_", " ")


def _installed_folder() -> Path | None:
    named = os.environ.get("WNSEARCHDIR")
    for candidate in (Path(named) if named else None, _nltk_folder(), _DEBIAN):
        if candidate is not None and (candidate / "index.noun").is_file():
            return candidate
    return None


def _nltk_folder() -> Path | None:
    try:
        from nltk import data
    except ImportError:
        return None
    try:
        return Path(str(data.find("corpora/wordnet")))
    except LookupError:
        return None


def _wn_lemmas(parts_of_speech: Sequence[str]) -> list[str]:
    missing = InputError(
        "no WordNet found; install Debian's wordnet-base, or nltk's corpus `wordnet`, or give `folder` in `files`"
    )
    try:
        import wn
    except ImportError:
        raise missing from None
    letters = {"noun": "n", "verb": "v", "adj": "a", "adv": "r"}
    try:
        return [word.lemma() for part in parts_of_speech for word in wn.words(pos=letters[part], lang="en")]
    except (wn.Error, OSError):
        # No English lexicon was downloaded, or there is no database at all.
        raise missing from None

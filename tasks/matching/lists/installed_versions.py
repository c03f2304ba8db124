"""Which installed lists a metadata list is made of: another version of one makes another list."""

import importlib.metadata
from collections.abc import Sequence

from tasks.matching.config import ClassNameEntries, Source, WordFrequencyEntries, WordNetEntries
from tasks.matching.lists.wordnet import installed_wordnet


def installed_lists(sources: Sequence[Source]) -> dict[str, str]:
    """Versions (WordNet: content) of what lies outside the configuration's files, by name; "absent" where it is not."""
    found = {}
    for source in sources:
        match source:
            case WordFrequencyEntries():
                found["wordfreq"] = _version("wordfreq")
            case ClassNameEntries():
                found["clip-benchmark"] = _version("clip-benchmark")
            case WordNetEntries(folder=None):
                found["wordnet"] = installed_wordnet()
    return found


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "absent"

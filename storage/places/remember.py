"""Answers about files at URLs that cost a reading: kept while size and mark of the file stay the same."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from storage.atomic import write_whole
from storage.hashing import hash_json
from storage.places.ask import state
from storage.places.place import Place

_answers: ContextVar[dict[str, int] | None] = ContextVar("answers", default=None)


@contextmanager
def remembering(file: Path) -> Iterator[None]:
    """Within it, `remembered` looks into a JSON file and adds to it; one that cannot be read or written is as none."""
    known = _load(file)
    answers = dict(known)
    token = _answers.set(answers)
    try:
        yield
    finally:
        _answers.reset(token)
    if answers != known:
        try:
            write_whole(file, json.dumps(_load(file) | answers, indent=0, sort_keys=True))
        except OSError:
            return  # a store that can only be read: what was learned is learned again


def remembered(question: str, place: Place, compute: Callable[[], int]) -> int:
    """A number that a file's content determines, computed only where it is not known; of paths always."""
    answers = _answers.get()
    if answers is None or isinstance(place, Path):
        return compute()
    found = state(place)
    if found.mark is None:
        return compute()
    key = hash_json([question, str(place), found.size, found.mark])
    if key not in answers:
        answers[key] = compute()
    return answers[key]


def _load(file: Path) -> dict[str, int]:
    try:
        known = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {key: value for key, value in known.items() if type(value) is int} if isinstance(known, dict) else {}

"""How far a run goes."""

from typing import Literal

Verb = Literal["curate", "train", "evaluate", "pipeline", "selfsupervise", "study"]

VERBS: dict[Verb, str] = {
    "curate": "from sources to the curated Parquet and its report; trains nothing",
    "train": "curate, then train, fine-tune, embed and measure the geometry, as configured",
    "evaluate": "train, then score every model on every benchmark",
    "pipeline": "all of it: the same as evaluate",
    "selfsupervise": "all of a self-supervised experiment, the only verb that it has",
    "study": "all of a study, the only verb that it has",
}
"""What each verb does."""


def verbs_in_words() -> str:
    """All verbs and what they do, for the help of an option."""
    return "; ".join(f"{verb}: {words}" for verb, words in VERBS.items())

"""The forms in which people write down what a detector saw: which part is the label, and which its score."""

import json
import math
from collections.abc import Mapping

import pyarrow as pa

from tasks.ingest.columns.cells import is_list, is_number, is_text

LABELS = ("label", "concept", "class", "name", "category", "tag", "text",
          "labels", "concepts", "classes", "names", "categories", "tags", "texts")  # fmt: skip
SCORES = ("score", "confidence", "conf", "probability", "prob",
          "scores", "confidences", "confs", "probabilities", "probs", "class_scores")  # fmt: skip
LONGEST = 1_000
"""Bytes of a label; a longer one is a caption, or an attack."""

Pair = tuple[str, float | None]


def can_be_concepts(kind: pa.DataType) -> bool:
    """Whether a column of this plain type may hold concepts; of texts each row is judged."""
    if is_text(kind) or pa.types.is_null(kind):
        return True
    if is_list(kind):
        return is_text(kind.value_type) or fields_of(kind.value_type) is not None
    return pa.types.is_struct(kind) and fields_of(kind) is not None


def fields_of(kind: pa.DataType) -> tuple[str, str | None] | None:
    """The fields of a struct that hold a label (or labels) and its score; None where there is no label."""
    if not pa.types.is_struct(kind):
        return None

    def one(part: pa.DataType) -> pa.DataType:
        return part.value_type if is_list(part) else part

    texts = [part.name for part in kind if is_text(one(part.type))]
    numbers = [part.name for part in kind if is_number(one(part.type))]
    label = next((name for name in LABELS if name in texts), texts[0] if len(texts) == 1 else None)
    if label is None:
        return None
    same = is_list(kind.field(label).type)
    numbers = [name for name in numbers if is_list(kind.field(name).type) == same]
    return label, next((name for name in SCORES if name in numbers), None)


def pairs_in(value: object, scores: object = None) -> list[Pair] | None:
    """The labels and scores in a value that JSON held; None where it is none of the forms that are known."""
    if value is None:
        return []
    if isinstance(value, Mapping):
        label = next((name for name in LABELS if isinstance(value.get(name), list)), None)
        if label is not None:
            score = next((name for name in SCORES if isinstance(value.get(name), list)), None)
            return pairs_in(value[label], scores if score is None else value[score])
        value = [[name, number] for name, number in value.items()]
    if not isinstance(value, list):
        return None
    if scores is not None and not (isinstance(scores, list) and len(scores) == len(value)):
        return None
    pairs = [_pair(each) for each in value]
    if scores is not None:
        pairs = [None if pair is None else _pair([pair[0], score]) for pair, score in zip(pairs, scores, strict=True)]
    return None if None in pairs else [pair for pair in pairs if pair is not None]


def _pair(value: object) -> Pair | None:
    score: object = None
    if isinstance(value, Mapping):
        label: object = next((value[name] for name in LABELS if isinstance(value.get(name), str)), None)
        score = next((value[name] for name in SCORES if name in value), None)
    elif isinstance(value, list) and len(value) == 2:
        label, score = value
    else:
        label = value
    if not isinstance(label, str) or not (score is None or is_score(score)):
        return None
    try:
        return (label, score) if len(label.encode()) <= LONGEST else None  # type: ignore[return-value]
    except UnicodeEncodeError:
        return None


def is_score(value: object) -> bool:
    """Whether a value of JSON is a number that a float can hold."""
    return isinstance(value, float) or (isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63)


def loaded(text: str | bytes) -> object:
    """What a JSON text holds; of one that cannot be read NaN, which is no form that is known."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return math.nan

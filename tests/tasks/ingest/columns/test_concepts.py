"""What a detector saw, in every form that people write it down in."""

import json

import numpy as np
import pyarrow as pa
import pytest

from tasks.ingest.columns.cells import can_be_kept
from tasks.ingest.columns.concept_forms import LONGEST, can_be_concepts, pairs_in
from tasks.ingest.columns.concepts import concepts_of
from tasks.ingest.columns.kept import kept_of
from tasks.ingest.columns.plain import plain_type

ROWS = [[("dog", 0.25), ("cat", 0.5)], [], None, [("a bus", 1.0)]]
EXPECTED = [[("cat", 0.5), ("dog", 0.25)], [], None, [("a bus", 1.0)]]
BOXES = {"boxes": [[0.0, 1.0]]}


def as_structs(label: str, score: str) -> pa.Array:
    rows = [None if row is None else [{label: each[0], score: each[1]} | BOXES for each in row] for row in ROWS]
    return pa.array(rows)


def as_two(label: str, score: str) -> pa.Array:
    rows = [None if row is None else {label: [a for a, _ in row], score: [b for _, b in row]} for row in ROWS]
    return pa.array([None if row is None else row | BOXES for row in rows])


def as_json(form: object) -> pa.Array:
    return pa.array([None if row is None else json.dumps(form(row)) for row in ROWS])  # type: ignore[operator]


FORMS = {
    "structs": (as_structs("label", "score"), None),
    "a detector's structs": (as_structs("class", "confidence"), None),
    "structs of one text": (as_structs("what", "score"), None),
    "two lists in a struct": (as_two("labels", "scores"), None),
    "CABS": (as_two("classes", "class_scores"), None),
    "two columns": (
        pa.array([None if row is None else [label for label, _ in row] for row in ROWS]),
        pa.array([None if row is None else [score for _, score in row] for row in ROWS]),
    ),
    "JSON of two columns": (
        as_json(lambda row: [label for label, _ in row]),
        as_json(lambda row: [score for _, score in row]),
    ),
    "labels, and JSON of scores": (
        pa.array([None if row is None else [label for label, _ in row] for row in ROWS]),
        as_json(lambda row: [score for _, score in row]),
    ),
    "JSON objects": (as_json(lambda row: [{"name": label, "prob": score} | BOXES for label, score in row]), None),
    "JSON of two lists": (
        as_json(lambda row: {"classes": [label for label, _ in row], "scores": [score for _, score in row]} | BOXES),
        None,
    ),
    "JSON from label to score": (as_json(dict), None),
    "JSON pairs": (as_json(list), None),
}


def found(concepts: pa.Array) -> list[list[tuple[str, float | None]] | None]:
    return [None if row is None else [(each["label"], each["score"]) for each in row] for row in concepts.to_pylist()]


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_the_same_list(form: str) -> None:
    values, scores = FORMS[form]
    assert can_be_concepts(plain_type(values.type))
    concepts, odd = concepts_of(values, scores)
    assert found(concepts) == EXPECTED and not odd.any()
    concepts.validate(full=True)


@pytest.mark.parametrize("values", [pa.array([["a", "b"], []]), pa.array(['["a", "b"]', "[]"])])
def test_labels_without_scores(values: pa.Array) -> None:
    assert found(concepts_of(values)[0]) == [[("a", None), ("b", None)], []]


def test_a_label_counts_once_with_its_highest_score_and_blank_ones_do_not() -> None:
    rows = [[("a", 0.1), ("b", None), ("a", 0.9), (" ", 1.0), ("c", float("nan")), (None, 1.0)]]
    values = pa.array([[{"label": label, "score": score} for label, score in row] for row in rows])
    assert found(concepts_of(values)[0]) == [[("a", pytest.approx(0.9)), ("b", None), ("c", None)]]


@pytest.mark.parametrize(
    "text",
    ["{", '"cat"', "1", "[1]", '[["a"]]', '[{"score": 1}]', '{"a": "b"}', '["\\ud800"]', "[" * 9_999, "NaN",
     json.dumps(["x" * (LONGEST + 1)]), '{"labels": ["a", "b"], "scores": [1]}', '[["a", "b", "c"]]'],
)  # fmt: skip
def test_a_text_that_is_no_list_of_concepts_spoils_its_row_alone(text: str) -> None:
    concepts, odd = concepts_of(pa.array(['["a"]', text, "", " "]))
    assert odd.tolist() == [False, True, False, False]
    assert found(concepts) == [[("a", None)], None, None, None]


def test_lists_beside_that_are_not_as_long_and_labels_that_are_too_long_spoil_theirs() -> None:
    labels, scores = pa.array([["a"], ["b"], ["c" * (LONGEST + 1)]]), pa.array([[1.0, 2.0], [3.0], [4.0]])
    concepts, odd = concepts_of(labels, scores)
    assert odd.tolist() == [True, False, True] and found(concepts) == [None, [("b", 3.0)], None]


@pytest.mark.parametrize("kind", [pa.int64(), pa.list_(pa.int64()), pa.struct([("a", pa.int64())]), pa.binary()])
def test_columns_of_other_types_are_none(kind: pa.DataType) -> None:
    assert not can_be_concepts(plain_type(kind))


def test_a_null_in_json_is_no_concept() -> None:
    assert pairs_in(None) == []


def test_kept_values_are_texts_whatever_they_were() -> None:
    assert kept_of(pa.array([1, None]))[0].to_pylist() == ["1", None]
    assert kept_of(pa.array([True, False]))[0].to_pylist() == ["true", "false"]
    assert kept_of(pa.array(["é", None]).dictionary_encode())[0].to_pylist() == ["é", None]
    assert kept_of(pa.array([["a"], None]))[0].to_pylist() == ['["a"]', None]
    offsets = pa.array([0, 1, 2], pa.int32()).buffers()[1]
    broken = pa.Array.from_buffers(pa.string(), 2, [None, offsets, pa.py_buffer(b"\xffa")])
    texts, odd = kept_of(broken)
    assert texts.to_pylist() == [None, "a"] and np.flatnonzero(odd).tolist() == [0]
    assert can_be_kept(pa.timestamp("s")) and not can_be_kept(pa.list_(pa.string())) and not can_be_kept(pa.binary())

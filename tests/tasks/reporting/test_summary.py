"""`summary.json` is strict JSON, with null for what does not exist."""

import json
import math

import numpy as np
import pytest

from tasks.reporting.sections.scores.scores import compare, summarise
from tasks.reporting.summary import deltas_json, dumped, finite_json, variants_json
from tests.tasks.reporting.sections.measured import BOOTSTRAP, measured


def test_numbers_that_do_not_exist_are_null() -> None:
    found = finite_json({"a": [math.nan, 1.5, (math.inf, -math.inf)], 2: True, "none": None, "text": "é"})
    assert found == {"a": [None, 1.5, [None, None]], "2": True, "none": None, "text": "é"}
    with pytest.raises(TypeError, match="set"):
        finite_json({"a": {1}})


@pytest.mark.parametrize("value", [np.int64(3), np.uint32(3), np.float32(3), np.float64(3)])
def test_numbers_of_numpy_are_numbers(value: float) -> None:
    assert json.loads(dumped(finite_json({"a": [value]}))) == {"a": [3]}
    assert finite_json(np.float32(np.nan)) is None


def test_what_json_lacks_is_refused() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        dumped(math.nan)
    assert dumped({"é": 1}) == '{\n  "é": 1\n}\n'


def test_scores_and_differences_come_back_as_they_are() -> None:
    scored = [measured(name, seed, value) for name, value in (("a", 0.4), ("b", 0.6)) for seed in (0, 1)]
    scored.append(measured("c", 0, 0.5))
    summaries, differences = summarise(scored, BOOTSTRAP), compare(scored, [("b", "a"), ("c", "a")], BOOTSTRAP)
    variants = json.loads(dumped(variants_json(summaries)))
    assert variants["a"]["shape"]["seeds"] == {"0": 0.4, "1": 0.4} and variants["a"]["shape"]["chance"] == 1 / 3
    assert variants["c"]["shape"]["interval_over"] == "images" and variants["c"]["shape"]["seed_interval"] is None
    assert all(len(variants["b"]["shape"][name]) == 2 for name in ("interval", "seed_interval", "image_interval"))
    assert variants["b"]["shape"]["classes"] == pytest.approx({"a": 0.6, "b": 0.6, "c": 0.6})
    deltas = json.loads(dumped(deltas_json(differences)))
    assert deltas["b-a"]["shape"]["mean"] == pytest.approx(0.2)
    assert deltas["b-a"]["shape"]["interval_over"] == "seeds and images"
    assert deltas["b-a"]["shape"]["verdict"] == deltas["c-a"]["shape"]["verdict"] == "too few seeds"
    assert deltas["c-a"]["shape"]["interval_over"] == "images" and deltas["c-a"]["shape"]["adjusted_p_value"] is None

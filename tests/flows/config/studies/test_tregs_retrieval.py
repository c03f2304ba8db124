"""The study of retrieval: where it begins, and which arms it needs."""

from typing import Any

import pytest
from pydantic import ValidationError

from flows.config.studies.tregs_retrieval import RetrievalPlan

PAIRS = [{"kind": "scenes", "name": "scenes", "rows": 64}]
OTHERS = [{"kind": "scenes", "name": "test", "rows": 24, "seed": 1}]
PLAN: dict[str, Any] = {
    "kind": "tregs-retrieval", "sources": PAIRS, "test": OTHERS, "training": {"steps": 2, "batch": 8},
    "finetune": {"steps": 2, "batch": 8}, "regularisers": [{"name": "fine-tuned"}],
}  # fmt: skip


def test_what_is_sound_is_taken() -> None:
    assert RetrievalPlan.model_validate(PLAN).settings.ranks == (1, 5, 10)


@pytest.mark.parametrize(
    ("changes", "message"),
    (
        ({"model": "models/x"}, "not both"),
        ({"training": None}, "give `model`"),
        ({"regularisers": [{"name": "a"}]}, "no arm is called 'fine-tuned'"),
        ({"regularisers": [{"name": "fine-tuned"}, {"name": "0 steps"}]}, "names of their own"),
        ({"finetune": {"regulariser": {"kind": "koleo", "weight": 1}}}, "every arm has its own regulariser"),
    ),
)
def test_what_cannot_work_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        RetrievalPlan.model_validate(PLAN | changes)

"""The page is of the trainings' own answers and the pairs' own labels."""

import json

import numpy as np
import pyarrow as pa
import pytest

from storage.record.manifest import Manifest
from storage.store.workspace import Runtime
from tasks.studies.curation.arms import ALL
from tasks.studies.curation.config import CurationConfig
from tasks.studies.curation.inputs import ORIGINAL, Arm
from tasks.studies.curation.task import curation_page
from tasks.studies.scored.answers import Answers
from tasks.studies.scored.compare import recalls
from tasks.studies.stats import StudyStats
from tests.tasks.reporting.figures import realise_stats
from tests.tasks.studies.scored.test_compare import LABEL, runs
from tests.tasks.training.conftest import publish


def _published(runtime: Runtime, name: str, answers: list[Answers]) -> list[Manifest]:
    found = []
    for seed, each in enumerate(answers):
        columns = {"step": np.repeat(each.steps, len(LABEL)), "label": np.tile(LABEL, len(each.steps))}
        table = pa.table({**columns, "correct": each.correct.ravel()})
        found.append(publish(runtime, "evaluate_along", f"{name}-{seed}", {"answers.parquet": table}))
    return found


def test_arms_are_scored_by_class_frequency(runtime: Runtime) -> None:
    labels = pa.array(np.repeat([0, 1, 2, None], (50, 400, 10, 3)), pa.int64())
    pairs = [publish(runtime, "ingest", "labels", {"pairs-00000.parquet": pa.table({"label": labels})})]
    masses = {"observed": [8.0, 1.0, 1.0], "target": [1.0, 1.0, 1.0], "realised": [2.0, 1.0, 1.0]}
    drawn = publish(runtime, "realise", "half", {"entries.parquet": pa.table({"text": ["a", "b", "c"], **masses})})
    drawn = drawn.model_copy(update={"stats": realise_stats().model_dump(by_alias=True)})
    before, after = runs(0.4), runs(0.7, seed=1)
    arms = [
        Arm(ORIGINAL, "", None, _published(runtime, "original", before)),
        Arm("half step", "", drawn, _published(runtime, "half", after)),
    ]
    page = curation_page.run(CurationConfig(), pairs, arms, runtime=runtime)
    assert StudyStats.of(page).figures == 2
    numbers = json.loads((runtime.store / "curation_page" / page.key / "numbers.json").read_bytes())["numbers"]
    scores = {arm["name"]: arm["scores"][ALL] for arm in numbers["arms"]}
    for name, answers in ((ORIGINAL, before), ("half step", after)):
        assert scores[name] == pytest.approx([recalls(each.correct[-1:], LABEL)[0] for each in answers])
    selection = next(arm["selection"] for arm in numbers["arms"] if arm["name"] == "half step")
    assert selection["keywords"] == ["a", "b", "c"] and selection["observed"] == [0.8, 0.1, 0.1]

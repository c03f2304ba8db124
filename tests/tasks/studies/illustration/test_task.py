"""The sample, as a stage."""

import json

import pytest

from storage.store.workspace import Runtime
from tasks.studies.illustration.sample import illustration_numbers
from tasks.studies.illustration.task import illustration
from tasks.studies.stats import StudyStats
from tests.tasks.studies.illustration.test_page import CONFIG


def test_the_sample_is_on_the_page(runtime: Runtime) -> None:
    page = illustration.run(CONFIG, runtime=runtime)
    assert StudyStats.of(page).figures == 2
    numbers = json.loads((runtime.store / "illustration" / page.key / "numbers.json").read_bytes())["numbers"]
    assert numbers["distance"] == pytest.approx(illustration_numbers(CONFIG).distance)

"""The grid, as a stage."""

import json

from storage.store.workspace import Runtime
from tasks.studies.baselines.grid import baselines_numbers
from tasks.studies.baselines.task import baselines
from tasks.studies.stats import StudyStats
from tests.tasks.studies.baselines.test_page import SMALL


def test_the_grid_is_on_the_page(runtime: Runtime) -> None:
    page = baselines.run(SMALL, runtime=runtime)
    assert StudyStats.of(page).figures == 2
    numbers = json.loads((runtime.store / "baselines" / page.key / "numbers.json").read_bytes())["numbers"]
    assert numbers["mse"] == baselines_numbers(SMALL).model_dump(mode="json")["mse"]

"""The stages of `baselines`: simulated and told."""

from storage.caching.stage import stage
from storage.store.workspace import Workspace
from tasks.studies.baselines.config import BaselinesConfig
from tasks.studies.outputs import written
from tasks.studies.stats import StudyStats


@stage("baselines", version=1, modules=())
def baselines(config: BaselinesConfig, *, work: Workspace) -> StudyStats:
    """The study `baselines`: the whole grid, simulated, and its page."""
    from tasks.studies.baselines.grid import baselines_numbers
    from tasks.studies.baselines.page import baselines_page

    return written(baselines_page(config, baselines_numbers(config)), config, work)

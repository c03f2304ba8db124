"""The stages of `illustration`: simulated and told."""

from storage.caching.stage import stage
from storage.store.workspace import Workspace
from tasks.studies.illustration.config import IllustrationConfig
from tasks.studies.outputs import written
from tasks.studies.stats import StudyStats


@stage("illustration", version=1, modules=())
def illustration(config: IllustrationConfig, *, work: Workspace) -> StudyStats:
    """The study `illustration`: a sample while it is balanced, and its page."""
    from tasks.studies.illustration.page import illustration_page
    from tasks.studies.illustration.sample import illustration_numbers

    return written(illustration_page(config, illustration_numbers(config)), config, work)

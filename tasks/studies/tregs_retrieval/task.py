"""The stages of `tregs-retrieval`: its page."""

from collections.abc import Sequence

from storage.caching.stage import stage
from storage.store.workspace import Workspace
from tasks.studies.outputs import written
from tasks.studies.stats import StudyStats
from tasks.studies.tregs_retrieval.config import RetrievalConfig
from tasks.studies.tregs_retrieval.runs import RetrievalRun


@stage("tregs_retrieval", version=1, modules=())
def tregs_retrieval(config: RetrievalConfig, runs: Sequence[RetrievalRun], *, work: Workspace) -> StudyStats:
    """The page of the study `tregs-retrieval`, from every model's embeddings of the test pairs."""
    from tasks.studies.tregs_retrieval.measured import read_retrieval
    from tasks.studies.tregs_retrieval.page import retrieval_page

    return written(retrieval_page(config, read_retrieval(runs, config.ranks, work)), config, work)

"""The stages of `selfsupervised`: a sample of pictures, and the page of a comparison."""

from collections.abc import Sequence

from storage.caching.stage import stage
from storage.record.manifest import Manifest
from storage.store.workspace import Workspace
from tasks.studies.outputs import written
from tasks.studies.selfsupervised.config import ComparisonConfig, Question, SampleConfig
from tasks.studies.selfsupervised.inputs import Run
from tasks.studies.stats import MeasuredStats, StudyStats
from tasks.training.selfsupervised.config import SelfSupervisedConfig


@stage("sample", version=1, modules=())
def sample(config: SampleConfig, pairs: Sequence[Manifest], *, work: Workspace) -> MeasuredStats:
    """Some labelled pictures of all groups of pairs, drawn by hash, as pairs."""
    from tasks.studies.selfsupervised.sample import sample_pairs

    return MeasuredStats(measured=sample_pairs(work.shards(pairs, "pairs-*.parquet"), config, work.output))


@stage("comparison", version=1, modules=())
def comparison(
    question: Question,
    config: ComparisonConfig,
    training: SelfSupervisedConfig,
    runs: Sequence[Run],
    *,
    work: Workspace,
) -> StudyStats:
    """The page of a comparison of self-supervised trainings.

    Args:
        question: which study.
        config: of the page.
        training: what the trainings have in common.
        runs: every training with its probe.
        work: this run.
    """
    from tasks.studies.selfsupervised.measured import read_outcomes
    from tasks.studies.selfsupervised.page import comparison_page

    page = comparison_page(question, config, training, read_outcomes(runs))
    return written(page, config, work)

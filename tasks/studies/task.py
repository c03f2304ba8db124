"""The stages of studies: what each measures that no other room does, and its page. Only this file knows of caching."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from storage.caching.stage import stage
from storage.record.manifest import Manifest
from storage.store.publish import software
from storage.store.workspace import Workspace
from tasks.studies.balance_k.config import BalanceKConfig
from tasks.studies.config import StudyConfig
from tasks.studies.selfsupervised.config import ComparisonConfig, Question, SampleConfig
from tasks.studies.selfsupervised.measured import Run
from tasks.studies.stats import MeasuredStats, StudyStats
from tasks.studies.tregs_cost.config import CostConfig, TimedStep
from tasks.studies.tregs_points.config import PointsConfig
from tasks.training.selfsupervised.config import SelfSupervisedConfig

if TYPE_CHECKING:
    from tasks.studies.page.content import StudyPage

NUMBERS = "measured.json"


@stage("balance_k", version=1, modules=())
def balance_k(
    config: BalanceKConfig, model: Manifest, embeddings: Sequence[Manifest], *, work: Workspace
) -> MeasuredStats:
    """Variances of minibatches for every number of half steps, measured and by the theorem.

    Args:
        config: sizes and repetitions.
        model: heads, as `train_heads` wrote them.
        embeddings: what `embed` wrote, of the pairs that minibatches are drawn from.
        work: this run.
    """
    from tasks.studies.balance_k.measure import measure
    from tasks.threads import fixed_threads
    from tasks.training.data.embeddings import read_embeddings
    from tasks.training.models.saved import load_heads

    examples = read_embeddings(work.shards(embeddings, "embeddings-*.parquet"), None)
    image, text = (each[examples.place].astype("float32") for each in (examples.image, examples.text))
    with fixed_threads(1):
        found = measure(config, load_heads(work.directory(model)), image, text, report=work.log)
    (work.output / NUMBERS).write_text(found.model_dump_json(indent=1), encoding="utf-8")
    return MeasuredStats(measured=len(image))


@stage("balance_k_page", version=1, modules=())
def balance_k_page(config: BalanceKConfig, measured: Manifest, *, work: Workspace) -> StudyStats:
    """The page of the study `balance-k`."""
    from tasks.studies.balance_k.measure import BalanceKNumbers
    from tasks.studies.balance_k.page import balance_k_page as page

    numbers = BalanceKNumbers.model_validate_json(work.path(measured, NUMBERS).read_bytes())
    return _written(page(config, numbers), config, work)


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
    return _written(page, config, work)


@stage("tregs_cost", version=1, modules=())
def tregs_cost(config: CostConfig, steps: Sequence[TimedStep], *, work: Workspace) -> MeasuredStats:
    """Seconds of whole self-supervised steps, of every kind in turn."""
    from tasks.studies.tregs_cost.measure import measure_cost

    found = measure_cost(config, steps, work.runtime.device)
    (work.output / NUMBERS).write_text(found.model_dump_json(indent=1), encoding="utf-8")
    return MeasuredStats(measured=len(found.times))


@stage("tregs_cost_page", version=1, modules=())
def tregs_cost_page(config: CostConfig, measured: Manifest, *, work: Workspace) -> StudyStats:
    """The page of the study `tregs-cost`."""
    from tasks.studies.tregs_cost.measure import CostNumbers
    from tasks.studies.tregs_cost.page import cost_page

    numbers = CostNumbers.model_validate_json(work.path(measured, NUMBERS).read_bytes())
    return _written(cost_page(config, numbers), config, work)


@stage("tregs_points", version=1, modules=())
def tregs_points(config: PointsConfig, *, work: Workspace) -> MeasuredStats:
    """Points that T-REG and its neighbours move, and measures of a Gaussian with zeroed coordinates."""
    from tasks.studies.tregs_points.page import measure_points
    from tasks.threads import fixed_threads

    with fixed_threads(1):
        found = measure_points(config)
    (work.output / NUMBERS).write_text(found.model_dump_json(indent=1), encoding="utf-8")
    return MeasuredStats(measured=len(found.few) + len(found.peers) + 1)


@stage("tregs_points_page", version=1, modules=())
def tregs_points_page(config: PointsConfig, measured: Manifest, *, work: Workspace) -> StudyStats:
    """The page of the study `tregs-points`."""
    from tasks.studies.tregs_points.page import PointsNumbers, points_page

    numbers = PointsNumbers.model_validate_json(work.path(measured, NUMBERS).read_bytes())
    return _written(points_page(config, numbers), config, work)


def _written(page: "StudyPage", config: StudyConfig, work: Workspace) -> StudyStats:
    from tasks.studies.page.write import write_study

    return write_study(page, config, work.output, software=software())

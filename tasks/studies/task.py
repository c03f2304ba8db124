"""The stages of studies: what each measures that no other room does, and its page. Only this file knows of caching."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pydantic import BaseModel

from storage.caching.stage import stage
from storage.record.manifest import Manifest
from storage.store.publish import software
from storage.store.workspace import Workspace
from tasks.studies.balance_k.config import BalanceKConfig
from tasks.studies.baselines.config import BaselinesConfig
from tasks.studies.config import StudyConfig
from tasks.studies.curation.config import CurationConfig
from tasks.studies.curation.inputs import Arm
from tasks.studies.illustration.config import IllustrationConfig
from tasks.studies.online.config import OnlineConfig
from tasks.studies.online.inputs import Arm as OnlineArm
from tasks.studies.selfsupervised.config import ComparisonConfig, Question, SampleConfig
from tasks.studies.selfsupervised.inputs import Run
from tasks.studies.stats import MeasuredStats, StudyStats
from tasks.studies.tregs_cost.config import CostConfig, TimedStep
from tasks.studies.tregs_points.config import PointsConfig
from tasks.studies.tregs_retrieval.config import RetrievalConfig
from tasks.studies.tregs_retrieval.runs import RetrievalRun
from tasks.studies.zero_shot.config import HoldOutConfig, ZeroShotConfig
from tasks.studies.zero_shot.inputs import ScoredRun
from tasks.training.config import HeadsConfig
from tasks.training.selfsupervised.config import SelfSupervisedConfig
from tasks.training.stats import TrainingStats

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
    return _measured(found, len(image), work)


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


@stage("tregs_cost", version=1, modules=(), less_memory="lower the study's batches")
def tregs_cost(config: CostConfig, steps: Sequence[TimedStep], *, work: Workspace) -> MeasuredStats:
    """Seconds of whole self-supervised steps, of every kind in turn."""
    from tasks.studies.tregs_cost.measure import measure_cost

    found = measure_cost(config, steps, work.device)
    return _measured(found, len(found.times), work)


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
    return _measured(found, len(found.few) + len(found.peers) + 1, work)


@stage("tregs_points_page", version=1, modules=())
def tregs_points_page(config: PointsConfig, measured: Manifest, *, work: Workspace) -> StudyStats:
    """The page of the study `tregs-points`."""
    from tasks.studies.tregs_points.page import PointsNumbers, points_page

    numbers = PointsNumbers.model_validate_json(work.path(measured, NUMBERS).read_bytes())
    return _written(points_page(config, numbers), config, work)


@stage("tregs_retrieval", version=1, modules=())
def tregs_retrieval(config: RetrievalConfig, runs: Sequence[RetrievalRun], *, work: Workspace) -> StudyStats:
    """The page of the study `tregs-retrieval`, from every model's embeddings of the test pairs."""
    from tasks.studies.tregs_retrieval.measured import read_retrieval
    from tasks.studies.tregs_retrieval.page import retrieval_page

    return _written(retrieval_page(config, read_retrieval(runs, config.ranks, work)), config, work)


@stage("hold_out", version=1, modules=())
def hold_out(config: HoldOutConfig, embeddings: Sequence[Manifest], *, work: Workspace) -> MeasuredStats:
    """Draw pairs that no training sees: `selection-00000.parquet` of those that it sees, and `held.parquet`.

    Args:
        config: the share.
        embeddings: what `embed` wrote, of all pairs.
        work: this run.
    """
    import numpy as np
    import pyarrow as pa

    from storage.tables.shards import write_table
    from tasks.studies.zero_shot.held_out import split
    from tasks.training.data.embeddings import read_embeddings

    examples = read_embeddings(work.shards(embeddings, "embeddings-*.parquet"), None, work.scratch)
    found = split(examples, config)
    seen = examples.ids[found.trained]
    once = pa.array(np.ones(len(seen), np.uint16))
    write_table(work.output / "selection-00000.parquet", pa.table({"id": seen, "multiplicity": once}))
    write_table(work.output / "held.parquet", pa.table({"id": examples.ids[found.held]}))
    return MeasuredStats(measured=int(found.held.sum()))


@stage("judge_along", version=1, modules=())
def judge_along(
    config: HoldOutConfig,
    heads: HeadsConfig,
    model: Manifest,
    embeddings: Sequence[Manifest],
    held: Manifest,
    *,
    work: Workspace,
) -> MeasuredStats:
    """The loss and the retrieval of the heads that a training kept, on the pairs that were held out.

    Args:
        config: the k of recall@k.
        heads: the training's configuration: its batch, its loss.
        model: what `train_heads` wrote.
        embeddings: what `embed` wrote, of all pairs.
        held: what `hold_out` wrote.
        work: this run.
    """
    from storage.tables.shards import read_table
    from tasks.studies.zero_shot.held_out import judge
    from tasks.training.data.embeddings import read_embeddings
    from tasks.training.models.saved import kept_heads

    folder = work.directory(model)
    found = judge(
        kept_heads(folder / "along") | {TrainingStats.of(model).steps: folder},
        read_embeddings(work.shards(embeddings, "embeddings-*.parquet"), None, work.scratch),
        read_table([work.path(held, "held.parquet")], ["id"])["id"].to_numpy(),
        batch=heads.batch,
        half_steps=heads.loss.half_steps,
        recall_k=config.recall_k,
    )
    return _measured(found, len(found.steps), work)


@stage("zero_shot_page", version=1, modules=())
def zero_shot_page(config: ZeroShotConfig, runs: Sequence[ScoredRun], *, work: Workspace) -> StudyStats:
    """The page of the study `zero-shot`.

    Args:
        config: how curves are drawn.
        runs: every training with its scores; each setting has the same seeds, in the same order.
        work: this run.
    """
    from tasks.studies.scored.answers import answers_of
    from tasks.studies.zero_shot.held_out import Judged
    from tasks.studies.zero_shot.page import zero_shot_page as page
    from tasks.studies.zero_shot.runs import zero_shot_numbers

    cells = list(dict.fromkeys(run.cell for run in runs))
    of_cell = {cell: [run for run in runs if run.cell == cell] for cell in cells}
    answers = {cell: answers_of([run.along for run in found], work) for cell, found in of_cell.items()}
    judged = {
        cell: [Judged.model_validate_json(work.path(run.judged, NUMBERS).read_bytes()) for run in found if run.judged]
        for cell, found in of_cell.items()
    }
    seeds = [run.seed for run in of_cell[cells[0]]]
    numbers = zero_shot_numbers(answers, seeds, confidence=config.confidence, judged=judged)
    return _written(page(config, numbers), config, work)


@stage("curation_page", version=1, modules=())
def curation_page(
    config: CurationConfig, pairs: Sequence[Manifest], arms: Sequence[Arm], *, work: Workspace
) -> StudyStats:
    """The page of the study `curation`.

    Args:
        config: how classes are grouped.
        pairs: what was trained on; their labels are the benchmark's classes.
        arms: every arm, the original first, with its trainings' scores in the same order of seeds.
        work: this run.
    """
    from tasks.studies.curation.arms import curation_numbers
    from tasks.studies.curation.page import curation_page as page
    from tasks.studies.curation.read import label_counts, read_selection
    from tasks.studies.scored.answers import answers_of

    answers = {arm.name: answers_of(arm.along, work) for arm in arms}
    chosen = {arm.name: read_selection(arm.realised, work.path(arm.realised, "entries.parquet"))
              for arm in arms if arm.realised is not None}  # fmt: skip
    classes = 1 + max(int(run.label.max()) for runs in answers.values() for run in runs)
    numbers = curation_numbers(
        answers,
        {arm.name: arm.control_of for arm in arms if arm.control_of},
        chosen,
        label_counts(work.shards(pairs, "pairs-*.parquet"), classes),
        names=config.groups,
        confidence=config.confidence,
    )
    return _written(page(config, numbers), config, work)


@stage("baselines", version=1, modules=())
def baselines(config: BaselinesConfig, *, work: Workspace) -> StudyStats:
    """The study `baselines`: the whole grid, simulated, and its page."""
    from tasks.studies.baselines.grid import baselines_numbers
    from tasks.studies.baselines.page import baselines_page

    return _written(baselines_page(config, baselines_numbers(config)), config, work)


@stage("illustration", version=1, modules=())
def illustration(config: IllustrationConfig, *, work: Workspace) -> StudyStats:
    """The study `illustration`: a sample while it is balanced, and its page."""
    from tasks.studies.illustration.page import illustration_page
    from tasks.studies.illustration.sample import illustration_numbers

    return _written(illustration_page(config, illustration_numbers(config)), config, work)


@stage("train_targeted", version=1, modules=())
def train_targeted(
    config: HeadsConfig,
    online: OnlineConfig,
    seed: int,
    embeddings: Sequence[Manifest],
    matches: Sequence[Manifest],
    balanced: Manifest,
    *,
    work: Workspace,
) -> TrainingStats:
    """Heads trained on concept-targeted batches, which are made from ids and keywords.

    Args:
        config: heads and their training.
        online: how batches are chosen.
        seed: of weights and order.
        embeddings: what `embed` wrote.
        matches: what `match` wrote.
        balanced: what `balance` wrote: its target is that of the batches.
        work: this run.
    """
    import time

    from storage.tables.shards import write_table
    from tasks.studies.online.read import read_keywords, read_target
    from tasks.studies.online.train import train_targeted as train
    from tasks.training.data.embeddings import read_embeddings
    from tasks.training.loop.context import Context
    from tasks.training.loop.figures import training_figures
    from tasks.training.models.saved import save_heads

    began = time.perf_counter()
    examples = read_embeddings(work.shards(embeddings, "embeddings-*.parquet"), None)
    keywords = read_keywords(examples.ids, work.shards(matches, "matches-*.parquet"))
    context = Context(work.device, work.scratch, f"targeted heads {seed}", work.report)
    target = read_target(work.path(balanced, "entries.parquet"))
    heads, fitted = train(examples, keywords, target, config, candidates=online.candidates, seed=seed, context=context)
    save_heads(work.output, heads)
    write_table(work.output / "metrics.parquet", fitted.metrics)
    return training_figures(fitted, len(examples.ids), time.perf_counter() - began, config)


@stage("online_page", version=1, modules=())
def online_page(config: OnlineConfig, arms: Sequence[OnlineArm], *, work: Workspace) -> StudyStats:
    """The page of the study `online`.

    Args:
        config: how batches were chosen.
        arms: every arm with its trainings' scores, in the same order of seeds.
        work: this run.
    """
    from tasks.studies.online.arms import online_numbers
    from tasks.studies.online.page import online_page as page
    from tasks.studies.scored.answers import answers_of

    answers = {arm.name: answers_of(arm.along, work) for arm in arms}
    cost = {arm.name: (arm.trained, arm.decoded) for arm in arms}
    return _written(page(config, online_numbers(answers, cost, confidence=config.confidence)), config, work)


def _measured(found: BaseModel, count: int, work: Workspace) -> MeasuredStats:
    (work.output / NUMBERS).write_text(found.model_dump_json(indent=1), encoding="utf-8")
    return MeasuredStats(measured=count)


def _written(page: "StudyPage", config: StudyConfig, work: Workspace) -> StudyStats:
    from tasks.studies.page.write import write_study

    return write_study(page, config, work.output, software=software())

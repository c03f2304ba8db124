"""The stages of `online`: training, and the page."""

from collections.abc import Sequence

from storage.caching.stage import stage
from storage.record.manifest import Manifest
from storage.store.workspace import Workspace
from tasks.studies.online.config import OnlineConfig
from tasks.studies.online.inputs import Arm as OnlineArm
from tasks.studies.outputs import written
from tasks.studies.stats import StudyStats
from tasks.training.config import HeadsConfig
from tasks.training.stats import TrainingStats


@stage("train_targeted", version=1, on_device=True, modules=())
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
    return written(page(config, online_numbers(answers, cost, confidence=config.confidence)), config, work)

"""The stages of `zero-shot`: pairs held out, heads judged on them, and the page."""

from collections.abc import Sequence

from storage.caching.stage import stage
from storage.record.manifest import Manifest
from storage.store.workspace import Workspace
from tasks.studies.outputs import NUMBERS, measured_stats, written
from tasks.studies.stats import MeasuredStats, StudyStats
from tasks.studies.zero_shot.config import HoldOutConfig, ZeroShotConfig
from tasks.studies.zero_shot.inputs import ScoredRun
from tasks.training.config import HeadsConfig
from tasks.training.stats import TrainingStats


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
    return measured_stats(found, len(found.steps), work)


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
    return written(page(config, numbers), config, work)

"""The stages of `zero-shot`: pairs held out, heads judged on them, and the page."""

from collections.abc import Mapping, Sequence
from typing import TypeVar

from storage.caching.stage import stage
from storage.record.manifest import Manifest
from storage.record.stats import Stats
from storage.store.workspace import Workspace
from tasks.studies.outputs import NUMBERS, measured_stats, written
from tasks.studies.stats import MeasuredStats, StudyStats
from tasks.studies.zero_shot.config import HoldOutConfig, ProbeAlongConfig, ZeroShotConfig
from tasks.studies.zero_shot.inputs import Cell, Labels, ScoredRun
from tasks.training.config import HeadsConfig
from tasks.training.stats import TrainingStats

T = TypeVar("T", bound=Stats)


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


@stage("probe_along", version=1, modules=("tasks.evaluation.probe",))
def probe_along(
    config: ProbeAlongConfig,
    model: Manifest,
    learnt: Manifest | Labels,
    encoded: Manifest,
    *,
    work: Workspace,
) -> MeasuredStats:
    """Linear and nearest-neighbour accuracy of the heads that a training kept.

    Args:
        config: how features are evaluated.
        model: what `train_heads` wrote.
        learnt: what classifiers learn from: the benchmark's training images, encoded, or labelled pairs.
        encoded: the benchmark's test images, as `encode_benchmark` wrote them.
        work: this run.
    """
    from tasks.evaluation.probe.encoded_features import labelled_features
    from tasks.evaluation.zeroshot.encoded import load_encoded
    from tasks.studies.zero_shot.probed import labelled_pictures, probe_steps
    from tasks.threads import fixed_threads
    from tasks.training.data.embeddings import read_embeddings
    from tasks.training.models.saved import kept_heads

    folder, benchmark = work.directory(model), load_encoded(work.directory(encoded))
    if isinstance(learnt, Labels):
        examples = read_embeddings(work.shards(learnt.embeddings, "embeddings-*.parquet"), None, work.scratch)
        pictures = labelled_pictures(examples, work.shards(learnt.pairs, "pairs-*.parquet"), benchmark.layout.classes)
    else:
        pictures = labelled_features(load_encoded(work.directory(learnt)), None)
    kept = kept_heads(folder / "along") | {TrainingStats.of(model).steps: folder}
    with fixed_threads(config.threads):
        found = probe_steps(kept, pictures, benchmark, config, log=work.log)
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
    from tasks.studies.zero_shot.probed import Probed
    from tasks.studies.zero_shot.runs import zero_shot_numbers

    cells = list(dict.fromkeys(run.cell for run in runs))
    of_cell = {cell: [run for run in runs if run.cell == cell] for cell in cells}
    answers = {cell: answers_of([run.along for run in found], work) for cell, found in of_cell.items()}
    judged = _read(Judged, {cell: [run.judged for run in found] for cell, found in of_cell.items()}, work)
    probed = _read(Probed, {cell: [run.probed for run in found] for cell, found in of_cell.items()}, work)
    seeds = [run.seed for run in of_cell[cells[0]]]
    numbers = zero_shot_numbers(answers, seeds, confidence=config.confidence, judged=judged, probed=probed)
    return written(page(config, numbers), config, work)


def _read(kind: type[T], made: Mapping[Cell, Sequence[Manifest | None]], work: Workspace) -> dict[Cell, list[T]]:
    """What was measured of every training, by setting; nothing of a measurement that was not asked for."""
    return {
        cell: [kind.model_validate_json(work.path(each, NUMBERS).read_bytes()) for each in found if each is not None]
        for cell, found in made.items()
    }

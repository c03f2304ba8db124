"""Scores, figures and numbers of a self-supervised experiment, before a word of HTML."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray
from pydantic import JsonValue

from storage.record.manifest import Manifest
from tasks.evaluation.intervals import Bootstrap
from tasks.evaluation.scores import class_counts
from tasks.reporting.config import RunLabel, SelfSupervisedReportConfig
from tasks.reporting.page.svg import drawing, to_svg
from tasks.reporting.report import Drawing, real, whole
from tasks.reporting.sections.provenance import StageRecord, software, stage_records
from tasks.reporting.sections.score_charts import scores_figure
from tasks.reporting.sections.scores import Answers, Difference, Measurement, Summary, compare, summarise
from tasks.reporting.sections.sentences import caution, headline
from tasks.reporting.sections.training_curves import TrainingRun, training_figure

BENCHMARKS = {"linear probe": "prediction", "nearest neighbours": "neighbours"}
"""What is compared → the column of the probe's answers that holds it."""

MEASURES = ("invariance", "first_norm", "first_tree", "rank", "spread")


@dataclass(frozen=True)
class End:
    """Where one training came to: means over its last steps."""

    seed: int
    steps: int | None
    examples_seen: int | None
    distinct: int | None
    loss: float | None
    measures: Mapping[str, float | None]


@dataclass(frozen=True)
class SelfSupervisedReport:
    """The content of the page."""

    title: str
    headline: str
    caution: str
    facts: tuple[tuple[str, str], ...]
    summaries: Sequence[Summary]
    differences: Sequence[Difference]
    probes: Sequence[tuple[RunLabel, Mapping[str, JsonValue]]]
    ends: Sequence[End]
    drawings: Mapping[str, Drawing]
    records: Sequence[StageRecord]
    software: Sequence[tuple[str, str]]


def compose(
    config: SelfSupervisedReportConfig,
    seeds: Sequence[int],
    models: Sequence[Manifest],
    metrics: Sequence[pl.DataFrame],
    runs: Sequence[RunLabel],
    scores: Sequence[Manifest],
    answers: Sequence[pl.DataFrame],
) -> SelfSupervisedReport:
    """Everything that the page shows. metrics: one table for each model; answers: one for each of `scores`."""
    bootstrap = Bootstrap(config.resamples, config.confidence, config.seed)
    measurements = [
        _measurement(run, name, table["label"].to_numpy(), table[column].to_numpy())
        for name, column in BENCHMARKS.items()
        for run, table in zip(runs, answers, strict=True)
    ]
    summaries = summarise(measurements, bootstrap)
    variants = list(dict.fromkeys(run.variant for run in runs))
    differences = compare(measurements, [(variants[0], other) for other in variants[1:]], bootstrap)
    trainings = [
        TrainingRun(f"seed {seed}", seed, model.stage, table)
        for seed, model, table in zip(seeds, models, metrics, strict=True)
    ]
    with drawing():
        figures = {
            "scores": (scores_figure(summaries), "Scores of the trained and the untrained network"),
            "training": (training_figure(trainings), "Training measurements by step"),
        }
        drawings = {name: Drawing(to_svg(figure), said) for name, (figure, said) in figures.items() if figure}
    return SelfSupervisedReport(
        title=config.title,
        headline=headline(summaries, differences, trained=len(models)),
        caution=caution(differences, config.confidence),
        facts=_facts(summaries, models),
        summaries=summaries,
        differences=differences,
        probes=[(run, score.stats) for run, score in zip(runs, scores, strict=True)],
        ends=[_end(seed, model.stats) for seed, model in zip(seeds, models, strict=True)],
        drawings=drawings,
        records=stage_records([*models, *scores]),
        software=software([*models, *scores]),
    )


def _measurement(run: RunLabel, benchmark: str, label: NDArray[np.int64], answer: NDArray[np.int64]) -> Measurement:
    label, answer = label.astype(np.int64), answer.astype(np.int64)
    present, correct, total = class_counts(label, answer)
    recalls = correct / total
    return Measurement(
        variant=run.variant,
        seed=run.seed,
        benchmark=benchmark,
        primary="mean_per_class_recall",
        metrics={"mean_per_class_recall": float(recalls.mean()), "acc1": float((label == answer).mean())},
        images=len(label),
        choices=len(present),
        classes=tuple(str(number) for number in present),
        recalls=tuple(float(recall) for recall in recalls),
        answers=Answers(label=label, correct=label == answer),
    )


def _facts(summaries: Sequence[Summary], models: Sequence[Manifest]) -> tuple[tuple[str, str], ...]:
    first = models[0].stats
    facts = [
        (f"{whole(first.get('distinct_examples')) or 0:,}", "pictures learnt from, without labels"),
        (f"{whole(first.get('examples_seen')) or 0:,}", "pictures seen, two views of each"),
        (f"{len(models)}", "trainings, one for each seed"),
    ]
    return (*facts, *((f"{100 * each.mean:.1f} %", f"{each.benchmark}, {each.variant}") for each in summaries))


def _end(seed: int, stats: Mapping[str, JsonValue]) -> End:
    return End(
        seed=seed,
        steps=whole(stats.get("steps")),
        examples_seen=whole(stats.get("examples_seen")),
        distinct=whole(stats.get("distinct_examples")),
        loss=real(stats.get("final_loss")),
        measures={name: real(stats.get(name)) for name in MEASURES},
    )

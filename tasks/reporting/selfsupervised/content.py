"""Scores, figures and numbers of a self-supervised experiment, before a word of HTML."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from storage.record.manifest import Manifest
from storage.store.workspace import Workspace
from tasks.arrays import Int64s
from tasks.checks import Checks
from tasks.evaluation.scoring.intervals import Bootstrap
from tasks.evaluation.scoring.scores import class_counts
from tasks.evaluation.stats import ProbeStats
from tasks.reporting.config import RunLabel, SelfSupervisedReportConfig
from tasks.reporting.inputs.measurements import Answers, Measurement
from tasks.reporting.inputs.stage_outputs import Backbone, Probed
from tasks.reporting.inputs.tables import read_frame
from tasks.reporting.page.formats import integer, percent
from tasks.reporting.page.render import Section
from tasks.reporting.page.svg import draw, drawing
from tasks.reporting.report import TITLES, Findings
from tasks.reporting.sections.checks import Checked, read_checks
from tasks.reporting.sections.provenance import read_provenance
from tasks.reporting.sections.scores.score_charts import scores_figure
from tasks.reporting.sections.scores.scores import Scores, compare, summarise
from tasks.reporting.sections.scores.sentences import caution, headline
from tasks.reporting.sections.training_curves import TrainingRun, training_figure
from tasks.training.stats import SelfSupervisedStats

SECTIONS = (
    Section("scores", "Features", "selfsupervised/scores.html.j2"),
    Section("training", "Training", "selfsupervised/training.html.j2"),
    Section("checks", TITLES["checks"], "page/sections/checks.html.j2"),
    Section("reproduce", TITLES["reproduce"], "page/sections/reproduce.html.j2"),
)

BENCHMARKS = {"linear probe": "prediction", "nearest neighbours": "neighbours"}
"""What is compared → the column of the probe's answers that holds it."""

MEASURES = ("invariance", "first_norm", "first_tree", "rank", "spread")


@dataclass(frozen=True)
class End:
    """Where one training came to: means over its last steps.

    Attributes:
        seed: of the training.
        steps: optimiser steps.
        examples_seen: images seen, two views of each.
        distinct: different images.
        loss: the training's own.
        measures: by name, see `MEASURES`.
    """

    seed: int
    steps: int
    examples_seen: int
    distinct: int
    loss: float | None
    measures: Mapping[str, float | None]


@dataclass(frozen=True, kw_only=True)
class SelfSupervisedReport(Findings):
    """The content of the page, beside what every report holds.

    Attributes:
        probes: figures of every probe.
        ends: where every training ended.
        checks: what pictures, trainings and probes were held against.
    """

    probes: tuple[tuple[RunLabel, ProbeStats], ...]
    ends: tuple[End, ...]
    checks: Checked

    @property
    def sections(self) -> tuple[Section, ...]:
        """The sections, in the order of reading."""
        return SECTIONS


def compose(
    config: SelfSupervisedReportConfig,
    pairs: Sequence[Manifest],
    models: Sequence[Backbone],
    probed: Sequence[Probed],
    checks: Checks,
    work: Workspace,
) -> SelfSupervisedReport:
    """Everything that the page shows.

    Args:
        config: title, and how intervals are made.
        pairs: the pictures as they came in, group by group, and the survey over them.
        models: the trained backbones.
        probed: what their features are worth, and those of the untrained network.
        checks: limits that all of these are held against.
        work: where the outputs lie.
    """
    outputs = [*pairs, *(each.model for each in models), *(each.scores for each in probed)]
    bootstrap = Bootstrap(config.resamples, config.confidence, config.seed)
    answers = [read_frame([work.path(each.scores, "predictions.parquet")]) for each in probed]
    measurements = [
        _measurement(each.run, name, table["label"].to_numpy(), table[column].to_numpy())
        for name, column in BENCHMARKS.items()
        for each, table in zip(probed, answers, strict=True)
    ]
    first, *others = dict.fromkeys(each.run.variant for each in probed)
    scores = Scores(
        summarise(measurements, bootstrap), compare(measurements, [(first, other) for other in others], bootstrap)
    )
    trainings = [
        TrainingRun(
            f"seed {each.seed}", each.seed, each.model.stage, read_frame([work.path(each.model, "metrics.parquet")])
        )
        for each in models
    ]
    ends = tuple(_end(each) for each in models)
    with drawing():
        drawings = draw({
            "scores": (partial(scores_figure, scores.summaries), "Scores of the trained and the untrained network"),
            "training": (partial(training_figure, trainings), "Training measurements by step"),
        })  # fmt: skip
    return SelfSupervisedReport(
        title=config.title,
        headline=headline(scores, trained=len(models)),
        caution=caution(scores.differences, config.confidence),
        facts=_facts(scores, ends),
        scores=scores,
        probes=tuple((each.run, ProbeStats.of(each.scores)) for each in probed),
        ends=ends,
        checks=read_checks(checks, outputs, work),
        provenance=read_provenance(outputs),
        drawings=drawings,
    )


def _measurement(run: RunLabel, benchmark: str, label: Int64s, answer: Int64s) -> Measurement:
    label, answer = label.astype("int64"), answer.astype("int64")
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


def _facts(scores: Scores, ends: Sequence[End]) -> tuple[tuple[str, str], ...]:
    return (
        (integer(ends[0].distinct), "images learnt from, without labels"),
        (integer(ends[0].examples_seen), "images seen, two views of each"),
        (integer(len(ends)), "trainings, one for each seed"),
        *((percent(each.mean), f"{each.benchmark}, {each.variant}") for each in scores.summaries),
    )


def _end(trained: Backbone) -> End:
    figures = SelfSupervisedStats.of(trained.model)
    return End(
        seed=trained.seed,
        steps=figures.steps,
        examples_seen=figures.examples_seen,
        distinct=figures.distinct_examples,
        loss=figures.final_loss,
        measures={name: getattr(figures, name) for name in MEASURES},
    )

"""The page of a comparison of self-supervised trainings."""

from collections.abc import Sequence
from functools import partial

from tasks.studies.page.content import StudyFigure, StudyPage, StudyTable
from tasks.studies.selfsupervised.config import ComparisonConfig, Question
from tasks.studies.selfsupervised.figure import draw_arms
from tasks.studies.selfsupervised.measured import MEASURES, Difference, Outcome, Summary, differences, summaries
from tasks.studies.selfsupervised.words import WORDS
from tasks.training.selfsupervised.config import SelfSupervisedConfig

UNTRAINED = "untrained"


def comparison_page(
    question: Question, config: ComparisonConfig, training: SelfSupervisedConfig, outcomes: Sequence[Outcome]
) -> StudyPage:
    """The page, from every run's numbers.

    Args:
        question: which study.
        config: of the page.
        training: what the trainings have in common.
        outcomes: of all runs; those of the group "untrained" are the network before its first step.
    """
    words = WORDS[question]
    untrained = [each for each in outcomes if each.label.group == UNTRAINED]
    trained = [each for each in outcomes if each.label.group != UNTRAINED]
    panels = [measure for measure in words.panels if summaries(trained, measure, config.confidence)]
    percent = f"{100 * config.confidence:g} %"
    changes = differences(trained, "linear", config.reference, config.confidence) if config.reference else []
    figures = {
        "arms": StudyFigure(
            partial(draw_arms, trained, panels, config.confidence, untrained),
            f"Every run a dot, the mean a bar, the line its {percent} Student's t interval over seeds; dotted: the "
            "same network untrained.",
        )
    }
    return StudyPage(
        name=question,
        title=words.title,
        question=words.question,
        answer=_answer(trained, untrained, changes, config),
        figures=figures,
        tables=[_table(trained, untrained, config), *([_tests(changes, config)] if changes else [])],
        method=[_budget(training), *_method(config, outcomes)],
        limits=words.limits,
        numbers={
            "outcomes": [each.model_dump(mode="json") for each in outcomes],
            "summaries": {
                measure: [each.model_dump(mode="json") for each in summaries(outcomes, measure, config.confidence)]
                for measure in MEASURES
            },
            "differences": [each.model_dump(mode="json") for each in changes],
        },
    )


def _answer(
    trained: Sequence[Outcome], untrained: Sequence[Outcome], changes: Sequence[Difference], config: ComparisonConfig
) -> list[str]:
    found = sorted(summaries(trained, "linear", config.confidence), key=lambda each: -each.mean)
    best, worst = found[0], found[-1]
    said = [
        f"Linear probe: best {_arm(best)} with {_share(best)}, worst {_arm(worst)} with {_share(worst)}"
        + (f"; untrained {_share(summaries(untrained, 'linear', config.confidence)[0])}." if untrained else ".")
    ]
    for each in changes:
        if each.adjusted < 1 - config.confidence:
            said.append(
                f"{each.group}, {each.name}: {100 * each.mean:+.1f} points against {config.reference} "
                f"({100 * each.low:+.1f} to {100 * each.high:+.1f}; p = {each.adjusted:.3f} by Holm)."
            )
    if changes:
        told = sum(each.adjusted < 1 - config.confidence for each in changes)
        said.append(
            f"{told} of {len(changes)} differences from {config.reference} can be told from chance, corrected for all "
            f"of them; before correction {sum(each.p < 1 - config.confidence for each in changes)}."
        )
    if used := summaries(trained, "prototypes", config.confidence):
        said.append("Prototypes in use: " + ", ".join(f"{each.name} {each.mean:.1f}" for each in used) + ".")
    flat = [each for each in summaries(trained, "spread", config.confidence) if each.mean < 0.1]
    if flat:
        said.append("Embeddings all but in one point (spread below 0.1): " + "; ".join(map(_arm, flat)) + ".")
    return said


def _table(trained: Sequence[Outcome], untrained: Sequence[Outcome], config: ComparisonConfig) -> StudyTable:
    outcomes = [*trained, *untrained]
    columns = {measure: _by_arm(summaries(outcomes, measure, config.confidence)) for measure in MEASURES}
    shown = [measure for measure in MEASURES if columns[measure]]
    with_paper = any(each.label.paper is not None for each in outcomes)
    rows = []
    for (group, name), first in columns["linear"].items():
        cells = [
            _cell(measure, columns[measure].get((group, name))) for measure in shown
        ]  # fmt: skip
        paper = [] if not with_paper else ["" if first.paper is None else f"{first.paper:g} %" if first.paper else "0"]
        rows.append([group, name, str(first.runs), *cells, *paper])
    heads = {"linear": "linear, %", "neighbours": "neighbours, %", "effective_rank": "effective rank", "norm": "length"}
    return StudyTable(
        "Every arm: mean over seeds, and half the width of its interval",
        [
            "group",
            "arm",
            ">seeds",
            *(f">{heads.get(each, each)}" for each in shown),
            *([">paper"] if with_paper else []),
        ],
        rows,
    )


def _tests(changes: Sequence[Difference], config: ComparisonConfig) -> StudyTable:
    return StudyTable(
        f"Linear probe, points against {config.reference} of the same group and seed",
        ["group", "arm", ">difference", ">interval", ">p", ">p by Holm"],
        [
            [each.group, each.name, f"{100 * each.mean:+.2f}", f"{100 * each.low:+.2f} to {100 * each.high:+.2f}",
             f"{each.p:.3f}", f"{each.adjusted:.3f}"]
            for each in changes
        ],
    )  # fmt: skip


def _budget(training: SelfSupervisedConfig) -> str:
    optimiser = training.optimiser
    return (
        f"{training.steps:,} steps of {training.batch} pictures of {training.side} pixels, network {training.network}, "
        f"projector {training.hidden} and {training.outputs} wide; {optimiser.name} at {optimiser.learning_rate:g}, "
        f"warm-up {training.schedule.warmup} steps, then {training.schedule.kind}."
    )


def _method(config: ComparisonConfig, outcomes: Sequence[Outcome]) -> list[str]:
    seeds = sorted({each.label.seed for each in outcomes})
    tests = (
        "Differences are paired by seed: Student's t test, corrected over the page by Holm." if config.reference else ""
    )
    seconds = sum(each.seconds or 0 for each in outcomes)
    return [
        f"{len(outcomes)} runs; seeds {', '.join(map(str, seeds))} decide weights, order and views, and are shared by "
        f"all arms. Intervals are Student's t over seeds at {100 * config.confidence:g} %.",
        *([tests] if config.reference else []),
        "The linear probe is a logistic regression on frozen features of the backbone, its penalty chosen on a "
        "held-out part of the training pictures; neighbours vote by cosine.",
        f"The trainings took {seconds:,.0f} s together by the clock, several at once.",
    ]


def _by_arm(found: Sequence[Summary]) -> dict[tuple[str, str], Summary]:
    return {(each.group, each.name): each for each in found}


def _arm(summary: Summary) -> str:
    return f"{summary.group}, {summary.name}"


def _cell(measure: str, summary: Summary | None) -> str:
    if summary is None:
        return ""
    factor = 100 if measure in ("linear", "neighbours") else 1
    half = "" if summary.high is None else f" ± {factor * (summary.high - summary.mean):.2g}"
    return f"{factor * summary.mean:.3g}{half}"


def _share(summary: Summary) -> str:
    half = "" if summary.high is None else f" ± {100 * (summary.high - summary.mean):.1f}"
    return f"{100 * summary.mean:.1f}{half} %"

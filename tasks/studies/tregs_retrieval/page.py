"""The page of the study `tregs-retrieval`."""

from collections.abc import Sequence
from functools import partial

from tasks.studies.page.content import StudyFigure, StudyPage, StudyTable
from tasks.studies.selfsupervised.figure import draw_arms
from tasks.studies.selfsupervised.measured import Difference, differences, summaries
from tasks.studies.tregs_retrieval.config import RetrievalConfig
from tasks.studies.tregs_retrieval.measured import RetrievalOutcome

PANELS = ("recall", "gap", "image_uniformity", "text_uniformity")
HEADS = {
    "recall": "mean recall, %", "image_first": "images @{k}, %", "text_first": "captions @{k}, %", "gap": "gap",
    "image_uniformity": "L_u images", "text_uniformity": "L_u captions", "image_tree": "tree images",
    "text_tree": "tree captions", "alignment": "alignment",
}  # fmt: skip
_PERCENT = ("recall", "image_first", "text_first")


def retrieval_page(config: RetrievalConfig, outcomes: Sequence[RetrievalOutcome]) -> StudyPage:
    """The page, from every model's numbers."""
    changes = differences(outcomes, "recall", config.reference, config.confidence)
    return StudyPage(
        name="tregs-retrieval",
        title="CLIP fine-tuned with T-REGS, by retrieval",
        question="T-REGS (Table 3) is added to CLIP's loss in fine-tuning, one term a branch. What does it do to "
        "retrieval, to the gap between the branches and to their uniformity, beside others and none?",
        answer=_answer(config, outcomes, changes),
        figures={
            "arms": StudyFigure(
                partial(draw_arms, outcomes, PANELS, config.confidence, ()),
                f"Every run a dot, the mean a bar, the line its {100 * config.confidence:g} % Student's t interval "
                "over seeds. L_u: less is more uniform.",
            )
        },
        tables=[_table(config, outcomes), _tests(config, changes)],
        method=[
            f"{outcomes[0].pairs:,} test pairs, one caption an image; equal captions answer each other's images. "
            f"Recall is in both directions at {', '.join(map(str, config.ranks))}; mean recall is over all of these.",
            "Gap: the distance of the two branches' means; L_u: Wang and Isola's uniformity; tree: T-REGS' uniformity "
            "over n − 1. All of embeddings of length 1.",
            "Seeds decide the order of the examples, and where training begins from scratch the weights too. "
            "Differences are paired by seed: Student's t test, corrected over the page by Holm.",
        ],
        limits=["One caption an image is not the five-caption protocol of clip-benchmark: numbers do not compare."],
        numbers={
            "outcomes": [each.model_dump(mode="json") for each in outcomes],
            "differences": [each.model_dump(mode="json") for each in changes],
        },
    )


def _answer(config: RetrievalConfig, outcomes: Sequence[RetrievalOutcome], changes: Sequence[Difference]) -> list[str]:
    recalls = {each.name: each for each in summaries(outcomes, "recall", config.confidence)}
    gaps = {each.name: each.mean for each in summaries(outcomes, "gap", config.confidence)}
    said = [
        "Mean recall: " + ", ".join(f"{name} {100 * each.mean:.1f} %" for name, each in recalls.items()) + ".",
        "Gap between the branches: " + ", ".join(f"{name} {gap:.3f}" for name, gap in gaps.items()) + ".",
    ]
    told = [each for each in changes if each.adjusted < 1 - config.confidence]
    said += [
        f"{each.name}: {100 * each.mean:+.1f} points of mean recall against {config.reference} ({100 * each.low:+.1f} "
        f"to {100 * each.high:+.1f}; p = {each.adjusted:.3f} by Holm)."
        for each in told
    ]
    if changes:
        said.append(
            f"{len(told)} of {len(changes)} differences from {config.reference} can be told from chance, corrected for "
            "all of them."
        )
    return said


def _table(config: RetrievalConfig, outcomes: Sequence[RetrievalOutcome]) -> StudyTable:
    columns = {
        measure: {each.name: each for each in summaries(outcomes, measure, config.confidence)} for measure in HEADS
    }
    rows = []
    for name, first in columns["recall"].items():
        cells = []
        for measure in HEADS:
            each, factor = columns[measure][name], 100 if measure in _PERCENT else 1
            half = "" if each.high is None else f" ± {factor * (each.high - each.mean):.2g}"
            cells.append(f"{factor * each.mean:.3g}{half}")
        rows.append([name, str(first.runs), *cells])
    heads = [f">{head.format(k=config.ranks[0])}" for head in HEADS.values()]
    return StudyTable("Every arm: mean over seeds, and half its interval", ["arm", ">seeds", *heads], rows)


def _tests(config: RetrievalConfig, changes: Sequence[Difference]) -> StudyTable:
    return StudyTable(
        f"Mean recall, points against {config.reference} of the same seed",
        ["arm", ">difference", ">interval", ">p", ">p by Holm"],
        [
            [each.name, f"{100 * each.mean:+.2f}", f"{100 * each.low:+.2f} to {100 * each.high:+.2f}", f"{each.p:.3f}",
             f"{each.adjusted:.3f}"]
            for each in changes
        ],
    )  # fmt: skip

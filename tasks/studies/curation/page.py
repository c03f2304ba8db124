"""What the page of the study `curation` says."""

from functools import partial

import numpy as np

from tasks.studies.curation.arms import ALL, CurationNumbers
from tasks.studies.curation.config import CurationConfig
from tasks.studies.curation.figure import draw_differences, draw_marginals
from tasks.studies.page.content import StudyFigure, StudyPage, StudyTable
from tasks.studies.scored.compare import Difference, p_in_words, said

QUESTION = (
    "Balancing keywords before training is data curation: MetaCLIP's threshold, one half step of raking, bounded "
    "calibration. What do the same heads learn from each on equal budgets, against the data as they are, and against a "
    "uniform sample of equal effective size; and which classes gain, the frequent or the rare ones?"
)


def curation_page(config: CurationConfig, numbers: CurationNumbers) -> StudyPage:
    """The page, from selections and scores."""
    percent = f"{100 * config.confidence:g} %"
    return StudyPage(
        name="curation",
        title="What curation buys, and for which classes",
        question=QUESTION,
        answer=_answer(numbers),
        figures={
            "differences": StudyFigure(
                partial(draw_differences, numbers),
                f"Differences of mean per-class recall with {percent} intervals over seeds and test images, for all "
                "classes and by their frequency in the training data. Filled: distinguishable after Holm's correction "
                "for all of them.",
            ),
            "marginals": StudyFigure(
                partial(draw_marginals, numbers),
                "Keyword marginals: what is observed, what is asked for, and what the selection holds.",
            ),
        },
        tables=[_levels(numbers), _differences(numbers)],
        method=(
            "Every arm trains the same heads on the same frozen features for the same number of steps and batch; only "
            "how often each pair is drawn differs. A random arm is a uniform sample of as many pairs as its partner's "
            "effective sample size (Kish).",
            f"{len(numbers.arms[0].scores[ALL])} seeds; a seed is the same for every arm. Differences are paired by "
            f"seed and image; intervals have crossed effects of both; {sum(map(len, numbers.differences.values()))} "
            "p-values are corrected by Holm together.",
            "Groups of classes, by training pairs: "
            + "; ".join(
                f"{name} {', '.join(f'{n:,}' for n in group.values())}" for name, group in numbers.groups.items()
            )
            + ".",
        ),
        limits=("A gain of one class group is often another's loss: look at all groups, not at the mean alone.",),
        numbers=numbers.model_dump(mode="json"),
    )


def _answer(numbers: CurationNumbers) -> list[str]:
    found = []
    for group, listed in numbers.differences.items():
        clear = [each for each in listed if each.distinguishable]
        if clear:
            found.append(f"{group}: " + "; ".join(_told(each) for each in clear) + ".")
        else:
            found.append(f"{group}: nothing can be told from luck" + _needed(listed) + ".")
    for arm in numbers.arms:
        if (chosen := arm.selection) is not None:
            found.append(
                f"{arm.name}: total variation of the realised keywords from the target {chosen.total_variation:.3f}, "
                f"effective sample size {chosen.effective_sample_size:,.0f} of {chosen.size:,} rows."
            )
    return found


def _told(each: Difference) -> str:
    return f"{each.ours} less {each.theirs} {said(each)}"


def _needed(listed: tuple[Difference, ...]) -> str:
    needed = [each.seeds_needed for each in listed if each.seeds_needed is not None]
    return f"; differences of the size seen would take {min(needed)} to {max(needed)} seeds" if needed else ""


def _levels(numbers: CurationNumbers) -> StudyTable:
    groups = list(numbers.arms[0].scores)
    return StudyTable(
        "Mean per-class recall, %: mean and standard deviation over seeds",
        ["arm", ">rows", ">distinct", ">effective", *(f">{group}" for group in groups)],
        [
            [
                arm.name,
                *(
                    ("–", "–", "–")
                    if arm.selection is None
                    else (
                        f"{arm.selection.size:,}",
                        f"{arm.selection.distinct:,}",
                        f"{arm.selection.effective_sample_size:,.0f}",
                    )
                ),
                *(_spread(arm.scores[group]) for group in groups),
            ]
            for arm in numbers.arms
        ],
    )


def _spread(scores: tuple[float, ...]) -> str:
    deviation = f" ± {100 * np.std(scores, ddof=1):.2f}" if len(scores) > 1 else ""
    return f"{100 * np.mean(scores):.2f}{deviation}"


def _differences(numbers: CurationNumbers) -> StudyTable:
    return StudyTable(
        "Paired differences, points",
        ["classes", "ours", "theirs", ">difference", ">interval", ">p, corrected", ">seeds needed"],
        [
            [
                group,
                each.ours,
                each.theirs,
                f"{100 * each.mean:+.2f}",
                "–" if each.low is None or each.high is None else f"{100 * each.low:+.2f} to {100 * each.high:+.2f}",
                p_in_words(each.adjusted),
                "–" if each.seeds_needed is None else str(each.seeds_needed),
            ]
            for group, listed in numbers.differences.items()
            for each in listed
        ],
    )

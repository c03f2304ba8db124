"""What the page of the study `online` says."""

from functools import partial

from tasks.studies.online.arms import OnlineNumbers
from tasks.studies.online.config import OnlineConfig
from tasks.studies.online.figure import draw_costs
from tasks.studies.page.content import StudyFigure, StudyPage, StudyTable
from tasks.studies.scored.compare import p_in_words, said

QUESTION = (
    "Concepts can be balanced before training, by a selection, or while it goes on, by choosing each batch from more "
    "candidates than it holds, as CABS does. Which is better when equally many pairs are trained on, and which when "
    "equally many pictures are decoded? Choosing needs ids and keywords alone, so it can be done before anything is "
    "decoded."
)


def online_page(config: OnlineConfig, numbers: OnlineNumbers) -> StudyPage:
    """The page, from the scores of all arms."""
    percent = f"{100 * config.confidence:g} %"
    return StudyPage(
        name="online",
        title="Balanced batches beside a balanced selection",
        question=QUESTION,
        answer=_answer(numbers),
        figures={
            "costs": StudyFigure(
                partial(draw_costs, numbers),
                f"Mean per-class recall of every arm with its {percent} interval over seeds and test images (dashes: "
                "single seeds), against the pairs that were trained on and against the pictures that were decoded.",
            )
        },
        tables=[_levels(numbers), _differences(numbers)],
        method=(
            f"A targeted batch is chosen, pair by pair, from {config.candidates} times as many candidates, so that "
            "its keywords come near the target that the offline selection has too. From ids, only what is chosen is "
            "decoded; after decoding, every candidate is, so that at an equal number of decoded pictures there are as "
            "many times fewer steps.",
            f"{len(numbers.arms[0].level.seeds)} seeds, the same for every arm; the same heads and features. "
            f"Intervals have crossed effects of seeds and test images; {len(numbers.differences)} p-values are "
            "corrected by Holm together.",
        ),
        limits=(
            "Features are frozen and stored, so that decoding is counted here and not timed.",
            "The keywords are substring matches; CABS takes concepts that a model found in the pictures.",
        ),
        numbers=numbers.model_dump(mode="json"),
    )


def _answer(numbers: OnlineNumbers) -> list[str]:
    found = []
    for words, pairs in (("pairs trained on", numbers.equal_trained), ("pictures decoded", numbers.equal_decoded)):
        for each in numbers.differences:
            if (each.ours, each.theirs) in pairs:
                verdict = "" if each.distinguishable else "; not distinguishable"
                found.append(f"At equally many {words}, {each.ours} less {each.theirs}: {said(each)}{verdict}.")
    return found


def _levels(numbers: OnlineNumbers) -> StudyTable:
    return StudyTable(
        "Mean per-class recall at the end, %",
        ["arm", ">pairs trained on", ">pictures decoded", ">mean", ">interval"],
        [
            [
                arm.name,
                f"{arm.trained:,}",
                f"{arm.decoded:,}",
                f"{100 * arm.level.mean[-1]:.2f}",
                _range(arm.level.low[-1], arm.level.high[-1]),
            ]
            for arm in numbers.arms
        ],
    )


def _differences(numbers: OnlineNumbers) -> StudyTable:
    return StudyTable(
        "Paired differences, points",
        ["ours", "theirs", "equal", ">difference", ">interval", ">p, corrected", ">seeds needed"],
        [
            [
                each.ours,
                each.theirs,
                _equal(numbers, (each.ours, each.theirs)),
                f"{100 * each.mean:+.2f}",
                _range(each.low, each.high),
                p_in_words(each.adjusted),
                "–" if each.seeds_needed is None else str(each.seeds_needed),
            ]
            for each in numbers.differences
        ],
    )


def _equal(numbers: OnlineNumbers, pair: tuple[str, str]) -> str:
    costs = (("trained", numbers.equal_trained), ("decoded", numbers.equal_decoded))
    return " and ".join(name for name, pairs in costs if pair in pairs)


def _range(low: float | None, high: float | None) -> str:
    return "–" if low is None or high is None else f"{100 * low:.2f} to {100 * high:.2f}"

"""What the page of the study `zero-shot` says."""

from functools import partial
from itertools import pairwise

from tasks.studies.page.content import StudyFigure, StudyPage, StudyTable
from tasks.studies.scored.compare import Difference, p_in_words, said
from tasks.studies.zero_shot.config import ZeroShotConfig
from tasks.studies.zero_shot.figure import draw_curves, draw_held_out, draw_probed, panels
from tasks.studies.zero_shot.inputs import Cell
from tasks.studies.zero_shot.runs import Curve, Track, ZeroShotNumbers

QUESTION = (
    "CLIP's loss is one half step of balancing the contrast matrix. Does a second half step (k = 2) give better "
    "zero-shot scores than CLIP's (k = 1), and that better ones than none (k = 0), as Figure 3 of The Benefits of "
    "Balance has it?"
)


def zero_shot_page(config: ZeroShotConfig, numbers: ZeroShotNumbers) -> StudyPage:
    """The page, from the scores of all trainings."""
    percent = f"{100 * config.confidence:g} %"
    return StudyPage(
        name="zero-shot",
        title="Zero-shot scores by half steps of the loss",
        question=QUESTION,
        answer=[_order(numbers, place) for place in panels(numbers)],
        figures=_figures(config, numbers, f"{percent} intervals"),
        tables=[_levels(numbers), _differences(numbers), *_more_tables(numbers)],
        method=(
            "Heads on frozen features of an image encoder and a separately trained text encoder, on equal budgets; "
            "kept along the training, and scored on a benchmark that was encoded once, by clip-benchmark's functions.",
            f"Seeds {', '.join(map(str, numbers.seeds))}; a seed decides the weights at the start and the order of "
            "the pairs, and is the same for every k.",
            f"Intervals are of a model with crossed effects of seeds and test images, {percent}. Differences are "
            f"paired by seed and image, at the last step; their {len(numbers.differences)} p-values are corrected by "
            "Holm together.",
            "No number of steps was chosen by its score: the comparisons are of the last.",
        ),
        limits=(
            "A difference of heads on these encoders and captions; other encoders, captions and learning rates may "
            "differ.",
        ),
        numbers=numbers.model_dump(mode="json"),
    )


def _figures(config: ZeroShotConfig, numbers: ZeroShotNumbers, intervals: str) -> dict[str, StudyFigure]:
    maximum = " Dashed: the running maximum of the mean, which can only rise." if config.running_maximum else ""
    figures = {
        "zero-shot": StudyFigure(
            partial(draw_curves, numbers, config.running_maximum),
            f"Mean per-class recall along training: thick lines are means over {len(numbers.seeds)} seeds, bands their "
            f"{intervals} over seeds and test images together, thin lines single seeds. Raw values.{maximum}",
        )
    }
    if numbers.held_out:
        figures["held-out"] = StudyFigure(
            partial(draw_held_out, numbers),
            "Pairs that no training saw: CLIP's loss (k = 1) of batches of the training's size, whatever the k that "
            "was trained with, and the share of pictures whose own caption comes first among all that are held out. "
            f"Thick lines are means over {len(numbers.seeds)} seeds, bands their {intervals} over seeds, thin lines "
            "single seeds.",
        )
    if numbers.probed:
        figures["probe"] = StudyFigure(
            partial(draw_probed, numbers),
            "What the heads' image features are worth without texts: a linear classifier learnt from "
            f"{numbers.probed[0].pictures:,} labelled pictures and asked the benchmark's. Thick lines are means over "
            f"{len(numbers.seeds)} seeds, bands their {intervals} over seeds, thin lines single seeds.",
        )
    return figures


def _more_tables(numbers: ZeroShotNumbers) -> list[StudyTable]:
    return [*([_unseen(numbers)] if numbers.held_out else []), *([_probed(numbers)] if numbers.probed else [])]


def _probed(numbers: ZeroShotNumbers) -> StudyTable:
    """The image features at the last step."""
    return StudyTable(
        "Image features at the last step, %, means over seeds with their intervals",
        ["setting", ">linear, mean per-class recall", ">neighbours, accuracy", "classifiers"],
        [
            [
                Cell(curve.encoder, curve.batch, curve.half_steps, curve.benchmark).name,
                _last(curve.linear, 100, 1),
                _last(curve.neighbours, 100, 1),
                "converged" if curve.converged else "not all converged",
            ]
            for curve in numbers.probed
        ],
    )


def _unseen(numbers: ZeroShotNumbers) -> StudyTable:
    """The held-out pairs at the last step."""
    ks = sorted(numbers.held_out[0].captions)
    return StudyTable(
        "Held-out pairs at the last step: losses in nats, recall@k in %, means over seeds with their intervals",
        ["setting", ">own loss", ">CLIP's loss"] + [f">{what}@{k}" for what in ("caption", "picture") for k in ks],
        [
            [
                f"{curve.encoder}, batch {curve.batch}, k = {curve.half_steps}",
                *(_last(each, 1, 3) for each in (curve.loss, curve.clip_loss)),
                *(_last(way[k], 100, 1) for way in (curve.captions, curve.pictures) for k in ks),
            ]
            for curve in numbers.held_out
        ],
    )


def _last(track: Track, scale: float, digits: int) -> str:
    low, high = track.low[-1], track.high[-1]
    found = f"{scale * track.mean[-1]:.{digits}f}"
    interval = "" if low is None or high is None else f" ({scale * low:.{digits}f} to {scale * high:.{digits}f})"
    return found + interval


def _order(numbers: ZeroShotNumbers, place: tuple[str, str, int]) -> str:
    """Whether the scores rise with k at one place, and how sure that is."""
    benchmark, encoder, batch = place
    curves = sorted(
        (each for each in numbers.curves if (each.benchmark, each.encoder, each.batch) == place),
        key=lambda curve: curve.half_steps,
    )
    levels = ", ".join(f"{100 * curve.level.mean[-1]:.1f} % at k = {curve.half_steps}" for curve in curves)
    told = []
    for fewer, more in pairwise(curves):
        each = _between(numbers, fewer, more)
        verdict = "" if each.distinguishable else "; not distinguishable"
        needed = (
            f", {each.seeds_needed} seeds would be needed" if not each.distinguishable and each.seeds_needed else ""
        )
        told.append(f"k = {more.half_steps} less k = {fewer.half_steps}: {said(each)}{verdict}{needed}")
    return f"{benchmark}, {encoder}, batch {batch}: {levels}. " + ". ".join(told) + ("." if told else "")


def _between(numbers: ZeroShotNumbers, fewer: Curve, more: Curve) -> Difference:
    ours, theirs = _name(more), _name(fewer)
    return next(each for each in numbers.differences if (each.ours, each.theirs) == (ours, theirs))


def _name(curve: Curve) -> str:
    return Cell(curve.encoder, curve.batch, curve.half_steps, curve.benchmark).name


def _levels(numbers: ZeroShotNumbers) -> StudyTable:
    return StudyTable(
        "Mean per-class recall at the last step, %",
        ["setting", ">steps", ">mean", ">interval", "each seed"],
        [
            [
                _name(curve),
                f"{curve.level.steps[-1]:,}",
                f"{100 * curve.level.mean[-1]:.2f}",
                _range(curve.level.low[-1], curve.level.high[-1]),
                "  ".join(f"{100 * seed[-1]:.2f}" for seed in curve.level.seeds),
            ]
            for curve in numbers.curves
        ],
    )


def _differences(numbers: ZeroShotNumbers) -> StudyTable:
    return StudyTable(
        "Paired differences at the last step, points",
        ["ours", "theirs", ">difference", ">interval", ">p", ">p, corrected", ">seeds needed"],
        [
            [
                each.ours,
                each.theirs,
                f"{100 * each.mean:+.2f}",
                _range(each.low, each.high, "+"),
                p_in_words(each.p_value),
                p_in_words(each.adjusted),
                "–" if each.seeds_needed is None else str(each.seeds_needed),
            ]
            for each in numbers.differences
        ],
    )


def _range(low: float | None, high: float | None, sign: str = "") -> str:
    return "–" if low is None or high is None else f"{100 * low:{sign}.2f} to {100 * high:{sign}.2f}"

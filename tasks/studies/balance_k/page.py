"""What the page of the study `balance-k` says."""

from functools import partial

from tasks.studies.balance_k.config import BalanceKConfig
from tasks.studies.balance_k.figure import draw_marginals, draw_ratios, draw_signal
from tasks.studies.balance_k.measure import QUANTITIES, BalanceKNumbers, Ratios, Series
from tasks.studies.page.content import StudyFigure, StudyPage, StudyTable

QUESTION = (
    "Balancing a measure to known marginals reduces the variance of what is estimated from it: by Theorem 1 of The "
    "Benefits of Balance the estimate after k half steps on n pairs has variance σₖ² / n. What do half steps buy on "
    "real features, for a contrastive loss and its gradient, when minibatches are balanced, and when a corpus is, once?"
)


def balance_k_page(config: BalanceKConfig, numbers: BalanceKNumbers) -> StudyPage:
    """The page, from what was measured."""
    percent = f"{100 * config.confidence:g} %"
    everything = (*numbers.in_batch, *numbers.offline)
    return StudyPage(
        name="balance-k",
        title="What half steps buy",
        question=QUESTION,
        answer=_answer(numbers),
        figures={
            "in-batch": StudyFigure(
                partial(draw_ratios, numbers, numbers.in_batch),
                "Variance of the minibatch loss and of its gradient after k half steps, relative to k = 0. Points: "
                f"measured, with {percent} bootstrap intervals over minibatches; dashed: the theorem.",
            ),
            "offline": StudyFigure(
                partial(draw_ratios, numbers, numbers.offline),
                "The same of corpora that are weighted once, offline, and of minibatches that are drawn from them by "
                f"their weights. Points: measured, with {percent} intervals over corpora; dashed: the theorem.",
            ),
            "contrast-signal": StudyFigure(
                partial(draw_signal, numbers),
                f"The gradient of the balanced contrastive loss over minibatches of {numbers.contrast.batch}: its "
                f"squared mean over its variance, against the half steps of the loss; {percent} jackknife intervals.",
            ),
            "marginals": StudyFigure(
                partial(draw_marginals, numbers),
                "Marginals of one minibatch's contrast matrix after k = 0, 1, 2 half steps, sorted, for both orders. "
                "Solid: images; dotted: captions; 1 is balanced.",
            ),
        },
        tables=[_table(quantity, numbers, everything) for quantity in QUANTITIES] + [_contrast_table(numbers)],
        method=_method(config, numbers),
        limits=(
            "Offline weights make the corpus's own mean exact to second order; a minibatch drawn from it has its own "
            "sampling error all the same, which no weighting of the corpus can reduce.",
            "The theorem is about independent pairs and known marginals. The contrast matrix is balanced to its own "
            "batch's marginals, and its cells are not independent: there only what was measured is shown.",
        ),
        numbers=numbers.model_dump(mode="json"),
    )


def _answer(numbers: BalanceKNumbers) -> list[str]:
    said = []
    last = len(numbers.predicted["loss"]) - 1
    for quantity in QUANTITIES:
        predicted = numbers.predicted[quantity]
        for each in numbers.in_batch:
            found = each.measured[quantity]
            said.append(
                f"The {quantity} of minibatches of {each.size}: 1 half step leaves {_share(found, 1)} of the variance "
                f"(theorem: {predicted[1]:.3f})"
                + (f", 2 leave {_share(found, 2)} ({predicted[2]:.3f})" if last >= 2 else "")
                + (f", {last} leave {_share(found, last)} ({predicted[last]:.3f})" if last > 2 else "")
                + "."
            )
    whole, drawn = numbers.offline
    inside = _inside(numbers, whole)
    said.append(
        f"Of {whole.name}, {inside} of {2 * last} intervals hold the theorem's value; of "
        + ", of ".join(f"minibatches of {each.size} {_inside(numbers, each)}" for each in numbers.in_batch)
        + "."
    )
    said.append(
        f"Offline weights do not make minibatches quieter: drawn by the weights of {last} half steps, the loss of "
        f"{drawn.size} pairs keeps {_share(drawn.measured['loss'], last)} of its variance."
    )
    signal = numbers.contrast.signal
    said.append(
        f"Balancing the contrast matrix: the gradient's squared mean over its variance is {_level(signal, 0)} at k = "
        f"0, {_level(signal, 1)} at k = 1" + (f", {_level(signal, 2)} at k = 2" if last >= 2 else "") + "."
    )
    return said


def _inside(numbers: BalanceKNumbers, series: Series) -> int:
    return sum(
        ratios.low[k] <= numbers.predicted[quantity][k] <= ratios.high[k]
        for quantity, ratios in series.measured.items()
        for k in range(1, len(ratios.value))
    )


def _share(ratios: Ratios, k: int) -> str:
    return f"{ratios.value[k]:.3f} ({ratios.low[k]:.3f} to {ratios.high[k]:.3f})"


def _level(ratios: Ratios, k: int) -> str:
    return f"{ratios.value[k]:.2f} ({ratios.low[k]:.2f} to {ratios.high[k]:.2f})"


def _table(quantity: str, numbers: BalanceKNumbers, series: tuple[Series, ...]) -> StudyTable:
    predicted = numbers.predicted[quantity]
    return StudyTable(
        f"Variance of the {quantity} relative to k = 0, with its interval",
        ["k", ">theorem", *(f">{each.name}" for each in series)],
        [
            [str(k), f"{predicted[k]:.3f}", *(_share(each.measured[quantity], k) for each in series)]
            for k in range(len(predicted))
        ],
    )


def _contrast_table(numbers: BalanceKNumbers) -> StudyTable:
    contrast = numbers.contrast
    return StudyTable(
        f"The balanced contrastive loss over {contrast.samples} minibatches of {contrast.batch}",
        ["k", ">loss", ">its standard deviation", ">gradient: squared mean over variance"],
        [
            [str(k), f"{contrast.loss[k]:.4f}", f"{contrast.deviation[k]:.4f}", _level(contrast.signal, k)]
            for k in range(len(contrast.loss))
        ],
    )


def _method(config: BalanceKConfig, numbers: BalanceKNumbers) -> list[str]:
    start = ", ".join(
        f"{each.start['loss']:.3f} and {each.start['gradient']:.3f} (n = {each.size})" for each in numbers.in_batch
    )
    bias = max(value for each in numbers.in_batch for values in each.bias.values() for value in values)
    return [
        f"The population is {numbers.pairs:,} real pairs, each equally likely. X is the cluster of the image's "
        f"features and Y that of the caption's, by k-means, {config.image_clusters} and {config.text_clusters} "
        f"values; {100 * numbers.explained:.0f} % of the loss's variance lies between their cells, and only that can "
        "be reduced.",
        "A pair's loss is CLIP's against all pairs at the end of a short training of heads; its gradient is that by "
        f"the last layers' weights, seen along {config.directions} random directions.",
        f"Minibatches are drawn with replacement, {config.repetitions:,} of each size, and balanced to the "
        "population's marginals, first on X, then on Y, and so on; the same minibatches for every k. A cluster that a "
        "minibatch does not hold gets no mass; the others share it.",
        f"{config.corpora:,} corpora of {config.corpus:,} pairs are drawn and balanced in the same way, once, and a "
        f"minibatch of {config.batches[0]} is drawn from each by its weights.",
        f"At k = 0, n times the measured variance over σ₀² is {start} for the loss and the gradient; the theorem has "
        f"1. The squared bias of balanced minibatches is at most {bias:.4f} of their variance.",
        f"Seed {config.seed}; intervals aim at {100 * config.confidence:g} %.",
    ]

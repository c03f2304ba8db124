"""Scores and differences drawn where they are."""

import pytest

from tasks.reporting.page.svg import MUTED, SERIES, drawing
from tasks.reporting.sections.scores.score_charts import differences_figure, scores_figure
from tasks.reporting.sections.scores.scores import compare, summarise
from tests.tasks.reporting.sections.measured import BOOTSTRAP, measured

LOW, HIGH = (0.30, 0.31, 0.32), (0.50, 0.51, 0.52)
SCORED = [
    measured(variant, seed, value, benchmark)
    for benchmark in ("shape", "colour", "texture")
    for variant, values in (("original", LOW), ("balanced", HIGH))
    for seed, value in enumerate(values)
]


def test_every_seed_is_a_dot_and_their_mean_a_bar() -> None:
    with drawing():
        figure = scores_figure(summarise(SCORED[:6], BOOTSTRAP))
    assert figure is not None
    (axis,) = [axis for axis in figure.axes if axis.get_visible()]
    drawn = [[round(float(x), 6) for x in line.get_xdata()] for line in axis.lines]
    assert [30.0, 31.0, 32.0] in drawn and [50.0, 51.0, 52.0] in drawn
    assert [31.0, 31.0] in drawn and [51.0, 51.0] in drawn
    assert [round(100 / 3, 6)] * 2 in drawn  # the level of guessing
    assert [text.get_text() for text in axis.get_yticklabels()] == ["original", "balanced"]


def test_a_benchmark_is_a_panel() -> None:
    with drawing():
        figure = scores_figure(summarise(SCORED, BOOTSTRAP))
    assert figure is not None
    assert [axis.get_title("left") for axis in figure.axes if axis.get_visible()] == ["shape", "colour", "texture"]


def test_intervals_of_scores_end_at_what_is_possible() -> None:
    scored = [measured("original", seed, value) for seed, value in enumerate((0.5, 0.99, 0.99))]
    with drawing():
        figure = scores_figure(summarise(scored, BOOTSTRAP))
    assert figure is not None
    assert max(float(max(line.get_xdata())) for line in figure.axes[0].lines) <= 100


@pytest.mark.parametrize(("ours", "colour"), [(HIGH, SERIES[1]), ((0.2, 0.31, 0.45), MUTED)])
def test_differences_are_grey_without_a_verdict(ours: tuple[float, ...], colour: str) -> None:
    scored = [
        measured(name, seed, value) for name, values in (("a", LOW), ("b", ours)) for seed, value in enumerate(values)
    ]
    (difference,) = compare(scored, [("b", "a")], BOOTSTRAP)
    with drawing():
        figure = differences_figure([difference])
    assert figure is not None and difference.interval is not None
    interval, seeds, mean, zero = figure.axes[0].lines
    assert [float(x) for x in interval.get_xdata()] == pytest.approx(
        [100 * difference.interval.low, 100 * difference.interval.high]
    )
    assert len(seeds.get_xdata()) == 3
    assert float(mean.get_xdata()[0]) == pytest.approx(100 * difference.mean)
    assert mean.get_color() == colour and list(zero.get_xdata()) == [0, 0]


def test_nothing_scored_is_nothing_drawn() -> None:
    assert scores_figure([]) is None and differences_figure([]) is None

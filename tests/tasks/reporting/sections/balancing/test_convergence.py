"""What balancing reached and what it was asked for, as a figure, as numbers with names, and in words."""

import polars as pl
import pytest

from tasks.balancing.config import RakeConfig
from tasks.reporting.page.svg import drawing
from tasks.reporting.sections.balancing.convergence import (
    Convergence,
    asked,
    convergence_figure,
    convergence_sentence,
    margin_distances,
    target_sentence,
)
from tests.tasks.reporting.figures import balance_stats, realise_stats


def test_one_half_step_is_drawn_too() -> None:
    """As many captions balance: from the start to the only half step, the fitted side at zero."""
    history = pl.DataFrame({"step": [0, 1], "column_l1": [0.5, 1e-17], "row_l1": [0.0, 0.4]})
    with drawing():
        figure = convergence_figure(history)
        assert figure is not None and convergence_figure(history.head(1)) is None
    keywords, captions = figure.axes[0].lines
    assert list(keywords.get_ydata()) == pytest.approx([25.0, 0.0]) and list(captions.get_ydata()) == [0.0, 20.0]
    assert figure.axes[0].get_yscale() == "linear"


def test_many_half_steps_leave_fitted_sides_out() -> None:
    steps = list(range(12))
    history = pl.DataFrame(
        {
            "step": steps,
            "column_l1": [0.5**step if step % 2 == 0 else 1e-17 for step in steps],
            "row_l1": [None if step % 2 == 0 else 0.4**step for step in steps],
        }
    )
    with drawing():
        figure = convergence_figure(history)
    assert figure is not None and figure.axes[0].get_yscale() == "log"
    keywords, captions = figure.axes[0].lines
    assert list(keywords.get_xdata()) == [0, 2, 4, 6, 8, 10] and list(captions.get_xdata()) == [1, 3, 5, 7, 9, 11]
    nothing = pl.DataFrame({"step": [], "column_l1": []}, schema_overrides={"column_l1": pl.Float64})
    assert convergence_figure(nothing) is None


def test_convergence_is_said_as_it_is() -> None:
    stopped = {"converged": False, "iterations": 4, "reason": "four steps were asked for."}
    assert convergence_sentence(balance_stats(**stopped)) == (
        "Rake did not converge to both margins after 4 half steps. Why it stopped: four steps were asked for."
    )
    assert "after 1 half step. " in convergence_sentence(balance_stats(**stopped | {"iterations": 1}))
    assert "after 4 iterations. " in convergence_sentence(balance_stats(**stopped, method="calibrate"))
    assert "has no iteration to converge" in convergence_sentence(balance_stats(method="threshold", iterations=0))
    assert "converged: both margins were measured" in convergence_sentence(balance_stats(converged=True))
    bands = balance_stats(converged=True, method="calibrate")
    assert convergence_sentence(bands).startswith("Calibrate converged: what it aimed at was measured")
    assert "did not reach all" in convergence_sentence(balance_stats(converged=False, method="calibrate"))


@pytest.mark.parametrize(
    ("config", "words"),
    [
        (RakeConfig(steps=("y",)), "One half step was asked for. The last one fits the margin of keywords exactly"),
        (RakeConfig(steps=2), "2 half steps were asked for. The last one fits the margin of keywords"),
        (
            RakeConfig(steps=3),
            "3 half steps were asked for. The last one fits the margin of captions exactly",
        ),
        (RakeConfig(steps=0), "No half step was asked for, so nothing was balanced."),
        (RakeConfig(steps=90, tolerance=1e-3), ""),
    ],
)
def test_what_was_asked_for_is_said(config: RakeConfig, words: str) -> None:
    said = asked(config)
    assert said.startswith(words) and bool(said) == bool(words)


def test_every_distance_names_its_margin() -> None:
    figures = balance_stats(
        total_variation_before=0.3, column_residual=0.0, row_residual=0.4, total_variation=0.12, iterations=1
    )
    raked = margin_distances(figures, realise_stats(total_variation=0.125))
    assert {each.name: each.distance for each in raked} == {
        "keywords, before": 0.3, "keywords, by matches": 0.0, "captions, by matches": 0.2,
        "keywords, expected": 0.12, "keywords, realised": 0.125,
    }  # fmt: skip
    assert [each.name for each in raked if each.counts] == ["keywords, realised"]
    threshold = balance_stats(method="threshold", row_residual=None, column_residual=None)
    assert len(margin_distances(threshold, realise_stats())) == 3
    assert target_sentence(Convergence("", margins=raked)) == (
        "The keywords’ distance from their target went from 30.0 % to 12.5 %."
    )
    assert target_sentence(Convergence("")) == ""

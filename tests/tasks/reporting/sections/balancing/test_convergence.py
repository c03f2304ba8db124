"""Convergence as a figure and in words."""

import polars as pl

from tasks.reporting.page.svg import drawing
from tasks.reporting.sections.balancing.convergence import convergence_figure, convergence_sentence
from tests.tasks.reporting.figures import balance_stats


def test_convergence_leaves_fitted_sides_out() -> None:
    history = pl.DataFrame({"step": [0, 1, 2, 3], "column_l1": [0.5, 1e-17, 0.3, 0.0], "row_l1": [0.0, 0.4, None, 0.2]})
    with drawing():
        figure = convergence_figure(history)
        assert figure is not None
        keywords, captions = figure.axes[0].lines
        assert list(keywords.get_ydata()) == [0.5, 0.3]
        assert list(captions.get_ydata()) == [0.4, 0.2]
        assert convergence_figure(history.head(1)) is None
        assert (
            convergence_figure(pl.DataFrame({"step": [], "column_l1": []}, schema_overrides={"column_l1": pl.Float64}))
            is None
        )


def test_convergence_is_said_as_it_is() -> None:
    stopped = {"converged": False, "iterations": 4, "reason": "four steps were asked for."}
    assert convergence_sentence(balance_stats(**stopped)) == (
        "Rake did not converge to both margins after 4 half steps. Why it stopped: four steps were asked for."
    )
    assert "after 1 half step. " in convergence_sentence(balance_stats(**stopped | {"iterations": 1}))
    assert "after 4 iterations. " in convergence_sentence(balance_stats(**stopped, method="calibrate"))
    assert "has no iteration to converge" in convergence_sentence(balance_stats(method="threshold", iterations=0))
    assert "converged: both margins were measured" in convergence_sentence(balance_stats(converged=True))

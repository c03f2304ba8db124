"""Figures: the same bytes, the right colours in the page, and marginals against closed forms."""

import re
from xml.etree import ElementTree

import numpy as np
import polars as pl
import pytest

from tasks.reporting.page.svg import INK, VARIABLES, drawing, inlined, to_svg, variant_colours
from tasks.reporting.sections.convergence import convergence_figure, convergence_sentence
from tasks.reporting.sections.marginals import distances, marginals_figure, read_marginals
from tasks.reporting.sections.training_curves import TrainingRun, training_figure
from tests.tasks.reporting.conftest import entries_table


def entries() -> pl.DataFrame:
    frame = pl.from_arrow(entries_table())
    assert isinstance(frame, pl.DataFrame)
    return frame


def svg_of(named: int) -> str:
    with drawing():
        return to_svg(marginals_figure(read_marginals(entries()), named))


@pytest.mark.parametrize("named", [40, 5])
def test_same_bytes_and_well_formed(named: int) -> None:
    svg = svg_of(named)
    assert svg == svg_of(named)
    ElementTree.fromstring(svg)
    assert "<!--" not in svg and "date" not in svg.lower()


def test_inlined_colours_follow_the_theme() -> None:
    svg = svg_of(40)
    element = inlined(svg, "marginals")
    assert INK in svg and not any(colour in element for colour in VARIABLES)
    assert "var(--ink)" in element
    identities = re.findall(r'\bid="([^"]+)"', element)
    assert len(identities) == len(set(identities))
    assert all(identity.startswith("marginals-") for identity in identities)
    for reference in re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', element):
        assert (reference[0] or reference[1]) in identities


def test_hostile_keywords_stay_text() -> None:
    root = ElementTree.fromstring(svg_of(40))
    texts = "".join(root.itertext())
    assert "<script>alert(5)</script>" in texts
    assert "$x^2$ & <i>" in texts  # no mathematics, no markup
    assert not [element for element in root.iter() if element.tag.endswith(("script", "image", "foreignObject"))]


def test_distances_have_their_closed_forms() -> None:
    frame = pl.DataFrame(
        {
            "entry": [0, 1],
            "text": ["a", "b"],
            "count": [3, 1],
            "observed": [0.75, 0.25],
            "target": [0.5, 0.5],
            "balanced": [None, None],
            "realised": [1.0, 0.0],
        }
    )
    before, realised = distances(read_marginals(frame))
    assert before.total_variation == pytest.approx(0.25)
    assert before.kl == pytest.approx(0.5 * np.log(0.5 / 0.75) + 0.5 * np.log(0.5 / 0.25))
    assert before.imbalance == pytest.approx(3)
    assert realised.total_variation == pytest.approx(0.5)
    assert realised.kl is None and realised.missing == 1


def test_keywords_that_nobody_holds_are_left_out() -> None:
    frame = pl.DataFrame({"entry": [0, 1], "text": ["a", "b"], "count": [0, 2], "target": [0.0, 1.0]})
    assert read_marginals(frame).text == ("b",)


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
    stopped = {"method": "rake", "converged": False, "iterations": 4, "reason": "four steps were asked for."}
    assert convergence_sentence(stopped) == (
        "Rake did not converge to both margins after 4 half steps. Why it stopped: four steps were asked for."
    )
    assert "after 1 half step. " in convergence_sentence(stopped | {"iterations": 1})
    assert "after 4 iterations. " in convergence_sentence(stopped | {"method": "calibrate"})
    assert "has no iteration to converge" in convergence_sentence({"method": "threshold", "iterations": 0})
    assert "converged: both margins were measured" in convergence_sentence({"converged": True, "iterations": 2})


def test_training_curves_show_what_was_measured() -> None:
    steps = np.arange(1, 31)
    metrics = pl.DataFrame(
        {
            "step": steps,
            "examples": steps * 8,
            "loss": 1 / steps,
            "contrastive": 1 / steps,
            "learning_rate": 1e-3 / steps,
            "logit_scale": np.full(30, 14.3),
            "image_tree": [None, float("nan")] * 15,
            "text_norm": np.sqrt(steps),
        }
    )
    with drawing():
        figure = training_figure([TrainingRun("original", 0, "train", metrics)])
    assert figure is not None
    titles = [axis.get_title("left") for axis in figure.axes if axis.get_visible()]
    assert titles == ["loss", "mean norm, texts"]  # neither constants, nor what is given, nor what is missing
    with drawing():
        assert training_figure([]) is None


def test_known_variants_keep_their_colours() -> None:
    assert variant_colours(["random", "other"])["random"] == variant_colours(["original", "random"])["random"]
    many = variant_colours([f"v{number}" for number in range(9)])
    assert len(many) == 9


def test_a_narrow_axis_has_plain_labels() -> None:
    assert "mathdefault" not in svg_of(40) + svg_of(5)

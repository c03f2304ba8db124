"""Figures as SVG: the same bytes, the page's colours when inlined, and plain labels."""

import re
import threading
from xml.etree import ElementTree

import matplotlib
import numpy as np
import pytest

from tasks.reporting.page.svg import (
    INK,
    MUTED,
    SERIES,
    VARIABLES,
    blank,
    draw,
    drawing,
    inlined,
    logarithmic,
    name_rows,
    to_svg,
    variant_colours,
)


def chart() -> str:
    """A chart with a legend and clipped lines, so that there are ids and references to them."""
    with drawing():
        figure, (axis,) = blank(4, 2)
        axis.plot([0.1, 1, 10], [0, 1, 2], "o-", color=INK, label="ink $x^2$ <b>")
        axis.plot([0.1, 1, 10], [2, 1, 0], color=SERIES[1], label="green")
        axis.set_xscale("log")
        logarithmic(axis.xaxis)
        figure.legend(loc="outside upper left")
        return to_svg(figure)


def labels(low: float, high: float) -> list[str]:
    """What a log axis over this range says."""
    with drawing():
        figure, (axis,) = blank(4, 2)
        axis.set_xlim(low, high)
        axis.set_xscale("log")
        logarithmic(axis.xaxis)
        figure.canvas.draw()
        return [text.get_text() for text in axis.get_xticklabels() if low <= text.get_position()[0] <= high]


def test_same_bytes_without_a_date() -> None:
    assert chart() == chart()
    assert "<dc:date>" not in chart() and "Matplotlib v" not in chart()


def test_inlined_colours_follow_the_theme() -> None:
    svg = chart()
    element = inlined(svg, "marginals")
    assert INK in svg and not any(colour in element for colour in VARIABLES)
    assert "var(--ink)" in element and "var(--c1)" in element
    identities = re.findall(r'\bid="([^"]+)"', element)
    assert identities and len(identities) == len(set(identities))
    assert all(identity.startswith("marginals-") for identity in identities)
    references = [one or other for one, other in re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', element)]
    assert references and set(references) <= set(identities)


def test_an_inlined_figure_is_an_element_without_a_size_of_its_own() -> None:
    root = ElementTree.fromstring(inlined(chart(), "x"))
    assert root.tag == "svg" and "viewBox" in root.attrib
    assert not {"width", "height"} & set(root.attrib)


def test_text_is_text() -> None:
    assert "ink $x^2$ <b>" in "".join(ElementTree.fromstring(chart()).itertext())


def test_known_variants_keep_their_colours() -> None:
    assert variant_colours(["random", "other"])["random"] == variant_colours(["original", "random"])["random"]
    assert len(variant_colours([f"v{number}" for number in range(9)])) == 9
    assert variant_colours(["a", "a", "b"]) == variant_colours(["a", "b"])


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (1, 60, ["1", "2", "5", "10", "20", "50"]),
        (0.01, 0.9, ["0.01", "0.02", "0.05", "0.1", "0.2", "0.5"]),
        (1e-6, 1e-2, ["10⁻⁶", "10⁻⁵", "10⁻⁴", "0.001", "0.01"]),
        (1e3, 1e6, ["1,000", "10,000", "10⁵", "10⁶"]),
    ],
)
def test_log_axes_have_round_labels(low: float, high: float, expected: list[str]) -> None:
    assert labels(low, high) == expected


def test_a_narrow_axis_has_plain_labels() -> None:
    found = labels(0.3, 0.45)
    assert len(found) > 1 and all(re.fullmatch(r"0\.\d+", label) for label in found)


def test_rows_are_named_from_the_top() -> None:
    with drawing():
        _, (axis,) = blank(4, 2)
        name_rows(axis, ["first", "second"])
        assert [text.get_text() for text in axis.get_yticklabels()] == ["first", "second"]
        bottom, top = axis.get_ylim()
    assert bottom > 1 and top < 0  # the first row is the uppermost, and none is cut


def test_only_figures_with_something_to_show_are_drawn() -> None:
    with drawing():
        found = draw({"one": (lambda width: blank(width, 1)[0], "a figure"), "none": (lambda _: None, "nothing")})
    assert list(found) == ["one"] and found["one"].description == "a figure"
    ElementTree.fromstring(found["one"].svg)


def test_the_style_is_left_as_it_was_found() -> None:
    before = dict(matplotlib.rcParams)
    with drawing():
        assert matplotlib.rcParams["axes.labelcolor"] == MUTED
    assert dict(matplotlib.rcParams) == before


def test_threads_draw_one_after_the_other() -> None:
    alone, together = chart(), []
    threads = [threading.Thread(target=lambda: together.append(chart())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert together == [alone] * 4


def test_panels_come_in_reading_order() -> None:
    with drawing():
        figure, axes = blank(4, 4, rows=2, columns=2)
        figure.canvas.draw()
        places = np.array([[axis.get_position().y0, axis.get_position().x0] for axis in axes])
    assert len(axes) == 4
    assert places[0, 0] > places[2, 0] and places[0, 1] < places[1, 1]

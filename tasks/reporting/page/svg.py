"""Figures as SVG with the same bytes every time, in a palette that follows the page from light to dark.

A figure is drawn once with the light colours. On its own it is an ordinary SVG file; inlined into the page, each
palette colour becomes a CSS variable, so that one drawing serves both themes.
"""

import io
import re
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from html import escape
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter, NullLocator

# Colour of the drawing → name of the CSS variable (defined in the style sheet for both themes).
INK = "#22262b"
MUTED = "#6b7281"
RULE = "#dedad2"
PAPER = "#fdfcf9"
SERIES = ("#64748c", "#0f766f", "#b4530a", "#4f46e6", "#be185e", "#4d7c10")
VARIABLES = {
    INK: "ink",
    MUTED: "muted",
    RULE: "rule",
    PAPER: "paper",
    **{colour: f"c{i}" for i, colour in enumerate(SERIES)},
}
WIDE, NARROW = 7.4, 3.7
"""Widths of a figure in inches: of a page, and of a phone, where a page's letters would be too small to read."""
KNOWN_VARIANTS = {"original": 0, "balanced": 1, "random": 2}

STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "equipoise",
    "text.parse_math": False,  # a keyword may hold dollar signs
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 9.0,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": MUTED,
    "axes.linewidth": 0.6,
    "axes.titlesize": 9.5,
    "axes.titlecolor": INK,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.color": RULE,
    "grid.linewidth": 0.6,
    "text.color": INK,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.minor.size": 0.0,
    "ytick.minor.size": 0.0,
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    "lines.linewidth": 1.6,
    "lines.solid_capstyle": "round",
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "savefig.facecolor": "none",
}
# matplotlib's settings are global to the process: one drawing at a time.
_LOCK = threading.RLock()


@dataclass(frozen=True)
class Drawing:
    """A figure of the page.

    Attributes:
        svg: its document.
        narrow: the same for a phone.
        description: what it says to those who cannot see it.
    """

    svg: str
    narrow: str
    description: str


@contextmanager
def drawing() -> Iterator[None]:
    """The project's style, for making and saving figures; one thread at a time."""
    with _LOCK, matplotlib.rc_context(), warnings.catch_warnings():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(STYLE)
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        yield


def draw(figures: Mapping[str, tuple[Callable[[float], Figure | None], str]]) -> dict[str, Drawing]:
    """The figures that have something to show, each with its description; a figure is a function of its width."""
    drawn = {}
    for name, (figure, said) in figures.items():
        wide, narrow = figure(WIDE), figure(NARROW)
        if wide is not None and narrow is not None:
            drawn[name] = Drawing(to_svg(wide), to_svg(narrow), said)
    return drawn


def blank(width: float, height: float, *, rows: int = 1, columns: int = 1) -> tuple[Figure, list[Axes]]:
    """A figure and its axes in reading order; outside pyplot's global state.

    Args:
        width: of the figure, in inches.
        height: of the figure, in inches.
        rows: of axes.
        columns: of axes.
    """
    beside = ConstrainedLayoutEngine(wspace=0.05)  # a panel's label stays clear of the panel beside it
    figure = Figure(figsize=(width, height), layout=beside)
    FigureCanvasSVG(figure)
    axes = figure.subplots(rows, columns, squeeze=False)
    return figure, [axis for row in axes for axis in row]


def logarithmic(axis: Axis) -> None:
    """Plain labels for a log axis: round numbers within a few decades, then powers of ten."""
    decades = _decades(axis)
    if decades < 1:
        axis.set_major_locator(MaxNLocator(4))
    else:
        axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if decades <= 2 else (1.0,), numticks=8))
    axis.set_minor_locator(NullLocator())  # their size is 0: unseen, they would take most of the drawing's time
    axis.set_major_formatter(FuncFormatter(_plain))
    axis.set_minor_formatter(NullFormatter())


def name_rows(
    axes: Axes, labels: Sequence[str], *, margin: float = 0.45, grid: bool = False, above: bool = False
) -> None:
    """A label for each row 0, 1, … of a chart, the first on top.

    Args:
        axes: whose vertical axis is labelled.
        labels: of the rows.
        margin: of a row's height, kept clear above the first and below the last row.
        grid: whether horizontal lines stay.
        above: whether a label stands above its row, where there is no room beside it.
    """
    axes.set_yticks(range(len(labels)), [""] * len(labels) if above else labels)
    axes.set_ylim(len(labels) - margin, margin - 1 - 0.3 * above)
    for row, label in enumerate(labels if above else ()):
        axes.text(0, row - 0.42, label, transform=axes.get_yaxis_transform(), va="center", color=INK, fontsize=8.5)
    if not grid:
        axes.grid(visible=False, axis="y")
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)


def _decades(axis: Axis) -> float:
    low, high = axis.get_view_interval()
    return float(np.log10(high / low)) if low > 0 else 0.0


def _plain(value: float, _: object) -> str:
    if value <= 0:
        return ""
    if 1e-3 <= value < 1e5:
        return f"{value:,.4g}" if value < 1000 else f"{value:,.0f}"
    exponent = int(np.floor(np.log10(value) + 1e-9))
    power = "10" + str(exponent).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    digit = round(value / 10.0**exponent)
    return power if digit == 1 else f"{digit}·{power}"


def to_svg(figure: Figure) -> str:
    """The figure as an SVG document, without date or program version."""
    stream, layout = io.StringIO(), figure.get_layout_engine()
    if layout is not None:  # laid out here, a figure is not drawn a first time by `savefig`, only to be laid out
        layout.execute(figure)
        figure.set_layout_engine("none")
    figure.savefig(stream, format="svg", metadata={"Date": None, "Creator": None, "Type": None, "Format": None})
    return stream.getvalue()


def titled(svg: str, description: str) -> str:
    """The document with a name for those who cannot see it, which a page has beside the figure."""
    end = svg.index(">", svg.index("<svg"))
    return f'{svg[:end]} role="img">\n <title>{escape(description)}</title>{svg[end + 1 :]}'


def inlined(svg: str, name: str) -> str:
    """An `<svg>` element for the page: no prolog, ids made unique by `name`, palette colours as CSS variables."""
    element = svg[svg.index("<svg") :]
    element = re.sub(r"\s*<metadata>.*?</metadata>", "", element, flags=re.DOTALL)
    element = re.sub(r'\bid="([^"]+)"', rf'id="{name}-\1"', element)
    element = re.sub(r"url\(#([^)]+)\)", rf"url(#{name}-\1)", element)
    element = re.sub(r'xlink:href="#([^"]+)"', rf'href="#{name}-\1"', element)
    element = re.sub(r' xmlns(:xlink)?="[^"]+"', "", element)
    for colour, variable in VARIABLES.items():
        element = element.replace(colour, f"var(--{variable})")
    # Its size is the page's business; the view box keeps the proportions.
    return re.sub(
        r'<svg ([^>]*?)\bwidth="[^"]+"',
        r"<svg \1",
        re.sub(r'<svg ([^>]*?)\bheight="[^"]+"', r"<svg \1", element, count=1),
        count=1,
    )


def variant_colours(variants: Sequence[str]) -> dict[str, str]:
    """A colour for each variant: always the same for the three that every run has."""
    colours = {}
    spare = iter([*SERIES[3:], *SERIES[:3]] * (1 + len(variants)))
    for variant in dict.fromkeys(variants):
        colours[variant] = SERIES[KNOWN_VARIANTS[variant]] if variant in KNOWN_VARIANTS else next(spare)
    return colours

"""The lineage as a picture: SVG that stands on a page of any colour, from top to bottom, readable at a page's width."""

import html
from collections.abc import Sequence
from itertools import pairwise

from tasks.reporting.inputs.untrusted import displayed
from tasks.reporting.lineage.folding import Fold, links
from tasks.reporting.lineage.layers import Layout, lay_out
from tasks.reporting.lineage.nodes import STATES, State

WIDTH, HEIGHT = 178, 46  # of a box
ACROSS, DOWN = 20, 34  # between boxes
PASSAGE = 10  # width of a place that a link passes through
EDGE = 16
LABEL = 25  # characters that fit a box
COLOURS: dict[State, tuple[str, str]] = {  # fill and rule
    "ran": ("#d7efe9", "#0f766f"),
    "cached": ("#eceae5", "#8b8f98"),
    "failed": ("#f9dcdc", "#b42318"),
    "blocked": ("#ffffff", "#8b8f98"),
}
WORDS: dict[State, str] = {"ran": "ran", "cached": "from the cache", "failed": "failed", "blocked": "not started"}


def lineage_svg(folds: Sequence[Fold], *, title: str) -> str:
    """The graph of the folds; the links that a longer way implies are not drawn.

    Labels are other people's text in part (benchmark and variant names): escaped, invisible characters spelled out.
    """
    layout = lay_out(len(folds), links(folds))
    widths = [sum(_width(place, layout) + ACROSS for place in layer) - ACROSS for layer in layout.layers]
    across = max([*widths, 2 * WIDTH + ACROSS]) + 2 * EDGE
    down = len(layout.layers) * (HEIGHT + DOWN) - DOWN + 2 * EDGE + 24
    centre = _centres(layout, across)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{across}" height="{down}" viewBox="0 0 {across} {down}" '
        f'role="img" font-family="system-ui, -apple-system, Segoe UI, DejaVu Sans, sans-serif">',
        f"<title>{html.escape(displayed(title))}</title>",
        f'<rect width="{across}" height="{down}" rx="8" fill="#ffffff"/>',
        *(_way(way, centre, layout) for way in layout.ways),
        *(_box(fold, *centre[number]) for number, fold in enumerate(folds)),
        _key(folds, down),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _width(place: int, layout: Layout) -> int:
    return WIDTH if place < layout.boxes else PASSAGE


def _centres(layout: Layout, across: int) -> dict[int, tuple[float, float]]:
    """Centre of every place: x, and the upper edge of its layer."""
    found = {}
    for depth, layer in enumerate(layout.layers):
        total = sum(_width(place, layout) + ACROSS for place in layer) - ACROSS
        x, y = (across - total) / 2, EDGE + depth * (HEIGHT + DOWN)
        for place in layer:
            found[place] = (x + _width(place, layout) / 2, float(y))
            x += _width(place, layout) + ACROSS
    return found


def _way(way: Sequence[int], centre: dict[int, tuple[float, float]], layout: Layout) -> str:
    path = ""
    for start, end in pairwise(way):
        (x, y), (to_x, to_y) = centre[start], centre[end]
        path += f"M{x:.1f} {y + HEIGHT:.1f}" if not path else ""
        path += f"C{x:.1f} {y + HEIGHT + DOWN / 2:.1f} {to_x:.1f} {to_y - DOWN / 2:.1f} {to_x:.1f} {to_y:.1f}"
        if end >= layout.boxes:
            path += f"V{to_y + HEIGHT:.1f}"
    return f'<path d="{path}" fill="none" stroke="#a9adb5" stroke-width="1.2"/>'


def _box(fold: Fold, x: float, y: float) -> str:
    fill, rule = COLOURS[fold.state]
    dashes = ' stroke-dasharray="4 3"' if fold.state == "blocked" else ""
    rows = "" if fold.rows is None else f"{fold.rows:,} rows"
    spent = "" if fold.seconds is None else f"{fold.seconds:,.1f} s"
    detail = " · ".join(part for part in (rows, spent or WORDS[fold.state]) if part)
    return (
        f'<g><rect x="{x - WIDTH / 2:.1f}" y="{y:.1f}" width="{WIDTH}" height="{HEIGHT}" rx="6" fill="{fill}" '
        f'stroke="{rule}"{dashes}/>'
        f'<text x="{x:.1f}" y="{y + 20:.1f}" text-anchor="middle" font-size="13" fill="#22262b">'
        f"{html.escape(displayed(fold.name, LABEL))}</text>"
        f'<text x="{x:.1f}" y="{y + 36:.1f}" text-anchor="middle" font-size="11" fill="#565c69">'
        f"{html.escape(detail)}</text></g>"
    )


def _key(folds: Sequence[Fold], down: int) -> str:
    shown = [state for state in STATES if any(fold.state == state for fold in folds)]
    parts, x = [], float(EDGE)
    for state in shown:
        fill, rule = COLOURS[state]
        dashes = ' stroke-dasharray="3 2"' if state == "blocked" else ""
        parts.append(
            f'<rect x="{x:.0f}" y="{down - 24}" width="12" height="12" rx="3" fill="{fill}" stroke="{rule}"{dashes}/>'
            f'<text x="{x + 18:.0f}" y="{down - 14}" font-size="11" fill="#565c69">{WORDS[state]}</text>'
        )
        x += 18 + 8 * len(WORDS[state]) + 10
    return "".join(parts)

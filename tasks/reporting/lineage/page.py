"""The lineage for a person, as Markdown: a table first, then the graph as a picture, then what came of it."""

import base64
from collections.abc import Mapping, Sequence

from tasks.reporting.inputs.untrusted import markdown
from tasks.reporting.lineage.drawing import lineage_svg
from tasks.reporting.lineage.folding import Fold, folded
from tasks.reporting.lineage.nodes import STATES, LineageNode

LABEL = 60
REASONS = 2  # phrases that a cell of the table holds
INPUTS = 3
SHORT = 8  # digits of a key or digest that tell it from others at a glance


def lineage_markdown(nodes: Sequence[LineageNode], *, title: str = "Lineage", more: Sequence[str] = ()) -> str:
    """A line for all runs of a stage, the graph, and sections that follow, which are Markdown already."""
    folds = folded(nodes)
    counts = {state: sum(node.state == state for node in nodes) for state in STATES}
    said = ", ".join(f"{count} {state}" for state, count in counts.items() if count)
    lines = [
        f"# {escaped(title)}",
        "",
        f"{len(nodes)} stage runs: {said}." if nodes else "No stage was run.",
        "",
        "| stage runs | ended | rows in | rows out | why, or made by | key | digest |",
        "|---|---|---|---:|---|---|---|",
        *(_line(fold) for fold in folds),
        "",
    ]
    if folds:
        lines += [image(lineage_svg(folds, title=title), "graph of the stages"), ""]
    return "\n".join([*lines, *more]) + "\n"


def image(svg: str, name: str) -> str:
    """A picture inside Markdown: both of Prefect's interfaces show it, and neither runs what it might hold."""
    return f"![{escaped(name)}](data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()})"


def table(header: Sequence[str], rows: Sequence[Sequence[object]], *, limit: int = LABEL) -> str:
    """A Markdown table; every cell is escaped, and cut to `limit` characters."""
    lines = [f"| {' | '.join(map(escaped, header))} |", "|" + "---|" * len(header)]
    lines += [f"| {' | '.join(escaped(str(cell), limit) for cell in row)} |" for row in rows]
    return "\n".join(lines)


def escaped(text: str, limit: int = LABEL) -> str:
    """Other people's text inside Markdown."""
    return markdown(text, limit)


def inputs_in_words(rows: Mapping[str, int]) -> str:
    """Rows by the stage they came from: `match 3,880, metadata 34`."""
    shown = [f"{stage} {count:,}" for stage, count in list(rows.items())[:INPUTS]]
    return ", ".join(shown) + (", …" if len(rows) > INPUTS else "")


def reasons_in_words(why: Sequence[str]) -> str:
    """The first reasons, and how many more there are."""
    rest = len(why) - REASONS
    return "; ".join(why[:REASONS]) + (f"; {rest} more" if rest > 0 else "")


def _line(fold: Fold) -> str:
    first = fold.nodes[0]
    several = len(fold.nodes) > 1
    key = first.folder.rpartition("/")[2]
    cells = [
        escaped(fold.name),
        fold.state + ("" if fold.seconds is None else f", {fold.seconds:,.1f}\u00a0s"),
        escaped(inputs_in_words(fold.rows_in)),
        "" if fold.rows is None else f"{fold.rows:,}",
        escaped(reasons_in_words(fold.why), 3 * LABEL),
        _code(key[:SHORT]) if key and not several else "",  # whole folders are in the table of all stage runs
        _code(first.digest[:SHORT]) if not several else "",
    ]
    return f"| {' | '.join(cells)} |"


def _code(text: str) -> str:
    # Keys, digests and names of stages: of letters, digits, dashes and underscores, so that nothing has to be escaped.
    return f"`{text}`" if text else ""

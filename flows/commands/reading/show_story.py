"""One row's story, printed."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from flows.commands.console import percent
from flows.commands.reading.explain import ConceptStory, Story
from tasks.balancing.explain import BalancingStory
from tasks.reporting.inputs.untrusted import displayed, legible
from tasks.resampling.explain import SelectionStory

CAPTION = 2_000  # characters of a caption that are shown
MOST = 30  # concepts that are shown


def show(story: Story, console: Console) -> None:
    """Print a story. Captions are other people's text: control characters are spelled out, markup is off."""
    console.print(
        Text(
            legible(str(story.key), breaks=False)
            + (f"  (id {story.id}, source {story.source})" if story.id is not None else "")
        )
    )
    if story.rejected:
        console.print(Text(f"rejected at ingest: {story.rejected}"))
        return
    console.print(Text(f"“{displayed(story.caption, CAPTION)}”"))
    _show_dropping(story, console)
    if story.concepts:
        _show_concepts(story.concepts, console)
    if story.balancing:
        _show_balancing(story.balancing, console)
    if story.selection:
        _show_selection(story.selection, console)


def _show_dropping(story: Story, console: Console) -> None:
    dropping = story.dropping
    if dropping is None:
        return
    if dropping.by is not None:
        stays = "" if dropping.kept is None else f"; {story.kept} (id {dropping.kept}) is kept in its place"
        near = "" if dropping.distance is None else f", {story.leaked}, at distance {dropping.distance:.4f}"
        console.print(Text(f"dropped before balancing by {dropping.by}: {dropping.reason}{near}{stays}"))
    elif dropping.replaces:
        ids = ", ".join(map(str, dropping.replaces))
        console.print(Text(f"kept in place of {len(dropping.replaces)} rows like it: id {ids}"))


def _show_concepts(concepts: ConceptStory, console: Console) -> None:
    least = "" if concepts.threshold is None else f" of a score of at least {concepts.threshold:g}"
    said = [
        displayed(label, 80) + ("" if score is None else f" {score:.3g}") for label, score in concepts.detected[:MOST]
    ]
    more = f", and {len(concepts.detected) - MOST} more" if len(concepts.detected) > MOST else ""
    console.print(
        Text(
            f"keywords are those among the concepts{least} of the column {displayed(concepts.column, 80)}: "
            f"{', '.join(said) or 'none was detected'}{more}"
        )
    )


def _show_balancing(story: BalancingStory, console: Console) -> None:
    if story.keywords:
        table = Table("keyword", box=None, header_style="bold", pad_edge=False)
        for name in ("captions", "observed", "target", "balanced", "realised"):
            table.add_column(name, justify="right")
        for keyword in story.keywords:
            shares = (keyword.observed, keyword.target, keyword.balanced, keyword.realised)
            table.add_row(
                Text(legible(keyword.text, breaks=False)), f"{keyword.count:,}", *(_share(share) for share in shares)
            )
        console.print(table)
    if story.steps:
        console.print("weight " + " → ".join(f"{step.weight:.4g} (step {step.step})" for step in story.steps))
    elif story.weight is not None:
        console.print(f"weight {story.weight:.4g}")
    if story.dropped:
        console.print(Text(f"balancing: {story.dropped}"))


def _show_selection(story: SelectionStory, console: Console) -> None:
    if story.expected_copies is not None:
        drawn = "" if story.draw is None else f", draw {story.draw:.4f}"
        console.print(
            f"expected copies {story.expected_copies:.4g}{drawn}, copies in the selection {story.multiplicity}"
        )
    if story.shard:
        console.print(Text(f"in {story.shard}, row {story.row}"))
    if story.dropped:
        console.print(Text(f"not selected: {story.dropped}"))


def _share(share: float | None) -> str:
    return "–" if share is None else f"{percent(share, '.3g')} %"

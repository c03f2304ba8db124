"""What came of a run, below its lineage: how near the keywords came to the target, and the scores."""

from collections.abc import Mapping, Sequence

from storage.errors import StoreError
from storage.record.manifest import Manifest
from storage.store.store import Store
from tasks.balancing.stats import BalanceStats
from tasks.reporting.lineage.nodes import LineageNode
from tasks.reporting.lineage.page import image, table
from tasks.resampling.stats import RealiseStats

NAMED = 60  # keywords that the figure shows one by one


def outcome(nodes: Sequence[LineageNode], store: Store) -> list[str]:
    """Markdown: the selection and its marginals, and the scores; empty where the run came to neither."""
    made = {node.stage: node for node in nodes if node.digest}
    lines: list[str] = []
    if "balance" in made and "realise" in made:
        found = [store.read(made[stage].stage, made[stage].key) for stage in ("balance", "realise")]
        if found[0] and found[1]:
            lines += _selection(found[0], found[1], store)
            if figure := _marginals(made, store):
                lines += [image(_on_white(figure), "keyword marginals"), ""]
    scores = [node for node in nodes if node.stage in ("evaluate", "probe") and node.digest]
    return [*lines, *_scores(scores)]


def _selection(balanced: Manifest, realised: Manifest, store: Store) -> list[str]:
    try:
        before, after = BalanceStats.of(balanced), RealiseStats.of(realised)
    except StoreError:
        return []
    share = after.effective_sample_size / after.size if after.size else 0.0
    rows = [
        ("captions with a keyword", f"{before.matched:,} of {before.rows:,}"),
        ("selected rows", f"{after.size:,}, of {after.distinct:,} different captions"),
        ("effective sample size", f"{after.effective_sample_size:,.0f} ({share:.1%} of the selected rows)"),
        ("distance from the target, before", f"{before.total_variation_before:.1%} of the mass"),
        ("expected by the weights", f"{before.total_variation:.1%}"),
        ("realised by the selection", f"{after.total_variation:.1%}"),
        ("keywords wanted but lost", f"{after.lost_keywords:,}"),
    ]
    return ["## The selection", "", table(("", before.method), rows), ""]


def _marginals(made: Mapping[str, LineageNode], store: Store) -> str | None:
    """The figure of keyword marginals: the report's own, or drawn here where no report was made."""
    if "report" in made:
        drawn = store.directory("report", made["report"].key) / "figures" / "marginals.svg"
        if drawn.is_file():
            return drawn.read_text(encoding="utf-8")
    path = store.directory("realise", made["realise"].key) / "entries.parquet"
    if not path.is_file():
        return None
    import polars as pl  # these take a second to load, which a run from the cache can spare

    from storage.tables.shards import read_table
    from tasks.reporting.page.svg import drawing, to_svg
    from tasks.reporting.sections.balancing.marginal_charts import marginals_figure
    from tasks.reporting.sections.balancing.marginals import read_marginals

    with drawing():
        figure = marginals_figure(read_marginals(pl.DataFrame(read_table(path))), NAMED)
        return to_svg(figure) if figure else None


def _scores(nodes: Sequence[LineageNode]) -> list[str]:
    if not nodes:
        return []
    rows = []
    for node in nodes:
        value, interval = node.stats.get("value"), node.stats.get("interval")
        if not isinstance(value, int | float):
            continue
        spread = f"{interval[0]:.1%} to {interval[1]:.1%}" if isinstance(interval, list) else ""
        rows.append((node.label.removeprefix("evaluate "), node.stats.get("primary", ""), f"{value:.1%}", spread))
    return ["## Scores", "", table(("model and benchmark", "metric", "score", "interval over images"), rows), ""]


def _on_white(svg: str) -> str:
    """The figure on a ground of its own, so that it can be read on a dark page."""
    start = svg.index(">", svg.index("<svg")) + 1
    return svg[:start] + '<rect width="100%" height="100%" fill="#ffffff"/>' + svg[start:]

"""The two pictures of README and the documentation: `python docs/scripts/pictures.py`, after the demo was curated.

    equipoise run configs/demo.yaml --verb curate
    python docs/scripts/pictures.py            # docs/pictures/pipeline.svg, docs/pictures/result.svg

The first draws the stages, the second a real result: each keyword's share before balancing, wanted, and drawn.
"""

import math
from html import escape
from pathlib import Path

import polars as pl

from equipoise import run

ROOT = Path(__file__).resolve().parents[2]
STYLE = """<style>
text { font: 13px system-ui, sans-serif; fill: #1b2b2b } .small { font-size: 11px; fill: #5a6b6b }
.box { fill: #e6f2f0; stroke: #2a7f78 } .line { stroke: #5a6b6b; fill: none; marker-end: url(#tip) }
.grid { stroke: #d5dddd } .before { fill: #9aa8a8 } .target { stroke: #1b2b2b; stroke-width: 2 }
.realised { fill: #d0651f }
@media (prefers-color-scheme: dark) {
  text { fill: #e4ecec } .small { fill: #a3b3b3 } .box { fill: #173836; stroke: #57b8ae } .line { stroke: #a3b3b3 }
  .grid { stroke: #3a4a4a } .before { fill: #6d7d7d } .target { stroke: #e4ecec }
}
</style>
<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">
<path d="M0 0L8 4L0 8z" fill="#7a8a8a"/></marker></defs>"""

BOXES = {  # place, width, title, what it does
    "ingest": (20, 60, 120, "ingest", "any source to pairs"),
    "screen": (180, 60, 130, "screen", "repetitions, leaks"),
    "match": (350, 60, 120, "match", "keywords"),
    "balance": (510, 60, 120, "balance", "a law on keywords"),
    "select": (670, 60, 120, "select", "draws by id's hash"),
    "curated": (830, 60, 130, "curated Parquet", "shuffled, exportable"),
    "embed": (180, 180, 130, "embed, geometry", "trees, dimension"),
    "train": (510, 180, 120, "train CLIP", "balanced losses"),
    "tune": (670, 180, 120, "fine-tune", "T-REGS"),
    "score": (830, 180, 130, "evaluate, report", "seeds, intervals"),
}
ARROWS = [
    ("ingest", "screen"), ("screen", "match"), ("match", "balance"), ("balance", "select"), ("select", "curated"),
    ("screen", "embed"), ("train", "tune"), ("tune", "score"),
]  # fmt: skip


SHARES = {"observed": "before", "target": "wanted", "realised": "drawn"}
LEAST = 0.1
"""The lowest share that the picture has a place for, in per cent; rarer ones lie on its floor."""


def svg(width: int, height: int, title: str, body: list[str]) -> str:
    """A picture with its style and a name for those who do not see it."""
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" aria-label="{title}">'
    return "\n".join([head, f"<title>{title}</title>", STYLE, *body, "</svg>\n"])


def pipeline() -> str:
    """Boxes and arrows: curation above, what is trained on it below."""
    body = ['<text x="20" y="36">Curation</text><text x="830" y="172">Evidence</text>']
    for x, y, width, name, does in BOXES.values():
        body.append(f'<rect class="box" x="{x}" y="{y}" width="{width}" height="52" rx="6"/>')
        body.append(f'<text x="{x + width / 2}" y="{y + 22}" text-anchor="middle">{escape(name)}</text>')
        body.append(f'<text class="small" x="{x + width / 2}" y="{y + 40}" text-anchor="middle">{escape(does)}</text>')
    for one, two in ARROWS:
        (x, y, width, *_), (to_x, to_y, *_) = BOXES[one], BOXES[two]
        if y == to_y:
            body.append(f'<path class="line" d="M{x + width} {y + 26}H{to_x - 2}"/>')
        else:
            body.append(f'<path class="line" d="M{x + width / 2} {y + 52}V{to_y - 2}"/>')
    body.append('<path class="line" d="M895 112V146H590V178"/><text class="small" x="700" y="140">balanced</text>')
    body.append(
        '<path class="line" d="M290 112V136H550V178"/><text class="small" x="360" y="130">original, random</text>'
    )
    return svg(980, 250, "From sources to a report, stage by stage", body)


def result(keywords: pl.DataFrame) -> str:
    """Shares of keywords on a logarithmic scale, commonest first.

    keywords: columns `text`, `before`, `wanted`, `drawn`, in per cent of all matches' mass.
    """
    rows = keywords.sort("before", "text", descending=[True, False])
    left, top, step, height = 56, 40, 26, 220
    lowest, highest = math.log10(LEAST), math.log10(rows["before"].max() * 1.2)

    def y(share: float) -> float:
        return top + height * (highest - math.log10(max(share, LEAST))) / (highest - lowest)

    body = ['<text x="56" y="20">Share of each keyword in the demo:</text>'
            '<rect class="before" x="298" y="10" width="12" height="12"/><text x="315" y="20">before</text>'
            '<path class="target" d="M375 16h14"/><text x="394" y="20">wanted</text>'
            '<circle class="realised" cx="458" cy="16" r="5"/><text x="468" y="20">drawn</text>']  # fmt: skip
    for tick in (0.1, 0.3, 1, 3, 10, 30):
        if lowest <= math.log10(tick) <= highest:
            body.append(f'<path class="grid" d="M{left} {y(tick):.1f}h{step * rows.height}"/>')
            body.append(f'<text class="small" x="{left - 6}" y="{y(tick) + 4:.1f}" text-anchor="end">{tick} %</text>')
    for place, (text, before, wanted, drawn) in enumerate(rows.select("text", "before", "wanted", "drawn").iter_rows()):
        x = left + step * place + 4
        body.append(
            f'<rect class="before" x="{x}" y="{y(before):.1f}" width="18" height="{top + height - y(before):.1f}"/>'
        )
        body.append(f'<path class="target" d="M{x - 2} {y(wanted):.1f}h22"/>')
        body.append(f'<circle class="realised" cx="{x + 9}" cy="{y(drawn):.1f}" r="5"/>')
        turned = f'transform="rotate(-55 {x + 14} {top + height + 14})"'
        body.append(
            f'<text class="small" x="{x + 14}" y="{top + height + 14}" text-anchor="end" {turned}>{escape(text)}</text>'
        )
    return svg(
        left + step * rows.height + 12,
        top + height + 70,
        "Share of each keyword in the demo: before, wanted and drawn",
        body,
    )


def drawn_keywords(config: Path) -> pl.DataFrame:
    """Counts of a curation, from the store where it lies there: what was before, what is wanted, what was drawn."""
    outcome = run(config, "curate")
    (realised,) = (node.manifest for node in outcome.nodes if node.stage == "realise" and node.manifest)
    table = pl.read_parquet(outcome.experiment.runtime.store / realised.name / "entries.parquet")
    share = [(pl.col(name) * 100).alias(alias) for name, alias in SHARES.items()]
    return table.filter(pl.col("observed") > 0).select("text", *share)


if __name__ == "__main__":
    folder = ROOT / "docs" / "pictures"
    folder.mkdir(exist_ok=True)
    (folder / "pipeline.svg").write_text(pipeline(), encoding="utf-8")
    (folder / "result.svg").write_text(result(drawn_keywords(ROOT / "configs" / "demo.yaml")), encoding="utf-8")

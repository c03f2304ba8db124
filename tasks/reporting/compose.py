"""From the stages' numbers and tables to the content of the report."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from matplotlib.figure import Figure
from numpy.typing import NDArray
from pydantic import JsonValue

from storage.record.manifest import Manifest
from tasks.evaluation.intervals import Bootstrap
from tasks.reporting.config import ReportConfig
from tasks.reporting.page.svg import drawing, to_svg
from tasks.reporting.report import Drawing, Report, TrainingRow, audit_groups
from tasks.reporting.sections.concept_density import Density, density_figure
from tasks.reporting.sections.convergence import convergence_figure, convergence_sentence
from tasks.reporting.sections.examples import ExampleGroup
from tasks.reporting.sections.geometry import GeometryRow, diversity_figure, edges_figure, whole
from tasks.reporting.sections.marginals import Distance, distances, marginals_figure, read_marginals
from tasks.reporting.sections.provenance import software, stage_records
from tasks.reporting.sections.row_counts import Station, stations
from tasks.reporting.sections.score_charts import differences_figure, scores_figure
from tasks.reporting.sections.scores import Measurement, compare, summarise
from tasks.reporting.sections.screening import DuplicateGroup, Screening
from tasks.reporting.sections.sentences import caution, difference_sentence, headline
from tasks.reporting.sections.training_curves import TrainingRun, training_figure

Stats = Mapping[str, JsonValue]
REALISED = "realised"


@dataclass(frozen=True)
class Material:
    """What the report is made of; the stage reads it, `compose` thinks about it.

    `manifests` are all inputs in the pipeline's order; `entries` the keyword table with every marginal filled in;
    `audit` the matcher's audit; `edges` the lengths of every variant's spanning tree; `encoder` what embedded them, in
    words; `alike` near-duplicates in the first variant.
    """

    manifests: Sequence[Manifest]
    ingested: Sequence[Stats]
    matched: Sequence[Stats]
    balanced: Stats
    selection: Stats
    curated: Stats
    entries: pl.DataFrame
    history: pl.DataFrame
    audit: Stats
    examples: Sequence[ExampleGroup]
    measurements: Sequence[Measurement]
    geometry: Sequence[GeometryRow]
    edges: Mapping[str, NDArray[np.float64]]
    encoder: str
    density: Density | None
    alike: Sequence[DuplicateGroup]
    screening: Screening
    training: Sequence[TrainingRow]
    runs: Sequence[TrainingRun]


def compose(config: ReportConfig, material: Material) -> Report:
    """All sections of the report."""
    bootstrap = Bootstrap(resamples=config.resamples, confidence=config.confidence, seed=config.seed)
    summaries = summarise(material.measurements, bootstrap)
    pairs = [(each.variant, each.reference) for each in config.comparisons]
    differences = compare(material.measurements, pairs, bootstrap)
    marginals = read_marginals(material.entries)
    measured = distances(marginals)
    route = stations(material.ingested, material.matched, material.balanced, material.selection, material.curated,
                     material.screening.reasons if material.screening.remaining is not None else None)  # fmt: skip
    with drawing():
        figures: dict[str, tuple[Figure | None, str]] = {
            "scores": (scores_figure(summaries) if summaries else None, "Scores of every variant on every benchmark"),
            "differences": (
                differences_figure(differences) if differences else None,
                "Differences between variants with their intervals",
            ),
            "marginals": (
                marginals_figure(marginals, config.keywords) if marginals.text else None,
                "Keyword shares before balancing, the target, and realised",
            ),
            "convergence": (
                convergence_figure(material.history),
                "Distance of the margins from their targets by half step",
            ),
            "edges": (edges_figure(material.edges), "Lengths of the spanning trees' edges, by variant"),
            "diversity": (diversity_figure(material.geometry), "Diversity before and after, at equal size"),
            "density": (
                density_figure(material.density) if material.density else None,
                "How densely the pairs of each keyword lie",
            ),
            "screening": (
                _screening_figure(material.screening),
                "Edges of the tree that near-duplicates are cut from",
            ),
        } | {
            f"training-{stage}": (
                training_figure([run for run in material.runs if run.stage == stage]),
                "Training measurements by step",
            )
            for stage in dict.fromkeys(run.stage for run in material.runs)
        }
        drawings = {
            name: Drawing(svg=to_svg(figure), description=description)
            for name, (figure, description) in figures.items()
            if figure is not None
        }
    infeasible = material.balanced.get("infeasible")
    return Report(
        title=config.title,
        headline=headline(summaries, differences, trained=len(material.training))
        + _curation_sentence(measured, summarised=bool(summaries)),
        sentences=tuple(difference_sentence(each) for each in differences),
        caution=caution(differences, config.confidence),
        facts=_facts(route, material, measured),
        summaries=summaries,
        differences=differences,
        stations=route,
        sources=_sources(material.ingested),
        distances=measured,
        balancing=_with_keys(material.balanced, ("matched", "effective_sample_size", "design_effect")),
        selection=_with_keys(material.selection, ("size", "effective_sample_size", "duplicates")),
        convergence=convergence_sentence(material.balanced),
        infeasible=tuple(str(each) for each in infeasible) if isinstance(infeasible, list) else (),
        training=material.training,
        geometry=material.geometry,
        encoder=material.encoder,
        density=material.density,
        alike=material.alike,
        screening=material.screening,
        examples=material.examples,
        audit=audit_groups(material.audit),
        keywords=_keywords(material.entries, material.audit),
        records=stage_records(material.manifests),
        software=software(material.manifests),
        drawings=drawings,
    )


def _screening_figure(screening: Screening) -> Figure | None:
    if screening.edges is None or screening.repetitions is None:
        return None
    return edges_figure({"all pairs": screening.edges}, screening.repetitions.near)


def _curation_sentence(measured: Sequence[Distance], *, summarised: bool) -> str:
    """How near the selection came, for runs whose point is the data set itself."""
    by_name = {each.name: each for each in measured}
    if summarised or "before" not in by_name or REALISED not in by_name:
        return ""
    before, after = by_name["before"].total_variation, by_name[REALISED].total_variation
    return f" The keywords’ distance from their target went from {before:.3f} to {after:.3f} in total variation."


def _facts(route: Sequence[Station], material: Material, measured: Sequence[Distance]) -> tuple[tuple[str, str], ...]:
    rows = {station.name: station.rows for station in route}
    facts = [
        (f"{rows['Source rows']:,}", "rows in the sources"),
        (f"{rows['Matched']:,}", "pairs that match a keyword"),
        (f"{rows['Selected']:,}", "different pairs selected"),
    ]
    if material.screening.remaining is not None:
        facts.insert(1, (f"{material.screening.dropped:,}", "repeats and leaks dropped"))
    effective = material.selection.get("effective_sample_size")
    if isinstance(effective, int | float):
        facts.append((f"{effective:,.0f}", "effective sample size of the selection"))
    by_name = {each.name: each for each in measured}
    if "before" in by_name and REALISED in by_name:
        start, stop = by_name["before"].total_variation, by_name[REALISED].total_variation
        facts.append((f"{start:.3f} → {stop:.3f}", "total variation from the keyword target"))
    if material.measurements:
        variants = len(dict.fromkeys(each.variant for each in material.measurements))
        seeds = len(dict.fromkeys(each.seed for each in material.measurements))
        facts.append((f"{variants} × {seeds}", "variants × seeds scored"))
    return tuple(facts)


def _sources(ingested: Sequence[Stats]) -> tuple[str, ...]:
    """Each source once: its name, kind, and honestly whose the images are."""
    described = []
    for stats in ingested:
        if "source" in stats:
            images = f", images: {stats['images']}" if stats.get("images") else ""
            described.append(f"{stats['source']} ({stats.get('kind', 'source')}{images})")
    return tuple(dict.fromkeys(described))


def _keywords(entries: pl.DataFrame, audit: Stats) -> dict[str, int]:
    counts = {"entries": whole(audit.get("entries")) or len(entries)}
    if "status" in entries.columns:
        tally = dict(entries["status"].value_counts().iter_rows())
        counts |= {name: int(tally.get(name, 0)) for name in ("live", "dead", "duplicate", "shadowed")}
    if "count" in entries.columns:
        live = entries.filter(pl.col("status") == "live") if "status" in entries.columns else entries
        counts["live but found in no caption"] = int((live["count"].fill_null(0) == 0).sum())
    return counts


def _with_keys(stats: Stats, keys: Sequence[str]) -> dict[str, JsonValue]:
    """The stats with these keys present, None where the stage did not give them: the template asks for them."""
    return dict.fromkeys(keys) | dict(stats)

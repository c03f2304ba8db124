"""`summary.json` of a self-supervised experiment."""

from dataclasses import asdict

from pydantic import JsonValue

from storage.record.stats import as_json
from tasks.reporting.selfsupervised.content import SelfSupervisedReport
from tasks.reporting.summary import checks_json, deltas_json, finite_json, variants_json


def selfsupervised_summary(report: SelfSupervisedReport) -> dict[str, JsonValue]:
    """Scores, differences, checks and where the trainings ended."""
    return {
        "title": report.title,
        "headline": report.headline,
        "variants": variants_json(report.scores.summaries),
        "deltas": deltas_json(report.scores.differences),
        "checks": checks_json(report.checks),
        "probes": [{"variant": run.variant, "seed": run.seed, "stats": as_json(stats)} for run, stats in report.probes],
        "training": [finite_json(asdict(end)) for end in report.ends],
    }

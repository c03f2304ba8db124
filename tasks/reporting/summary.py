"""`summary.json`: the report's numbers for programs; strict JSON, null where a number does not exist."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from numbers import Integral, Real

from pydantic import JsonValue

from storage.record.stats import as_json
from tasks.evaluation.scoring.intervals import Interval
from tasks.reporting.report import Report
from tasks.reporting.sections.checks import Checked
from tasks.reporting.sections.scores.recalls import RecallChange
from tasks.reporting.sections.scores.scores import Difference, Summary
from tasks.reporting.sections.screening.screening import Screened


def summary_json(report: Report) -> dict[str, JsonValue]:
    """Variants' scores, differences between variants, curation, geometry and training."""
    return {
        "title": report.title,
        "headline": report.headline,
        "variants": variants_json(report.scores.summaries),
        "deltas": deltas_json(report.scores.differences),
        "recalls": [_recalls(each) for each in report.recalls],
        "curation": {
            "rows": {station.name: station.rows for station in report.rows.stations},
            "lost": {
                station.name: {loss.reason: loss.rows for loss in station.losses}
                for station in report.rows.stations
                if station.losses
            },
            "convergence": report.convergence.sentence,
            "margins": {each.name: each.distance for each in report.convergence.margins},
            "blocking": report.convergence.blocking,
            "infeasible": list(report.convergence.infeasible),
            "folded_case": None if report.folded_case is None else dict(asdict(report.folded_case)),
            "distances": {each.name: finite_json(asdict(each)) for each in report.marginals.distances},
            "balancing": as_json(report.marginals.balancing),
            "selection": as_json(report.marginals.selection),
        },
        "geometry": {row.variant: finite_json({**asdict(row), "gain": row.gain}) for row in report.geometry.rows},
        "screening": _screening(report.screening),
        "checks": checks_json(report.checks),
        "training": [finite_json(asdict(row)) for row in report.training.rows],
    }


def dumped(value: JsonValue) -> str:
    """Strict JSON text. Raises `ValueError` for NaN or infinity, which JSON does not have."""
    return json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _screening(screening: Screened) -> JsonValue:
    """What was looked for and found; null for what was not looked for."""
    repetitions = screening.repetitions
    return {
        "rows": screening.rows,
        "remaining": screening.remaining,
        "dropped": dict(screening.reasons),
        "repetitions": None
        if repetitions is None
        else {name: getattr(repetitions, name) for name in ("content", "near", "dropped", "groups")}
        | ({} if repetitions.perceptual is None else {"perceptual": repetitions.perceptual}),
        "leakage": {
            each.benchmark: {
                name: getattr(each, name)
                for name in ("distance", "leaks", "leaked_evaluation_rows", "nearest", "captions", "drop", "dropped")
            }
            for each in screening.leakages
        },
    }


def variants_json(summaries: Sequence[Summary]) -> dict[str, JsonValue]:
    """Every variant's scores, by benchmark."""
    variants: dict[str, dict[str, JsonValue]] = {}
    for each in summaries:
        variants.setdefault(each.variant, {})[each.benchmark] = {
            "metric": each.metric,
            "mean": each.mean,
            "seeds": {str(seed): value for seed, value in each.seeds},
            "interval": _bounds(each.interval),
            "interval_over": each.interval.over if each.interval else None,
            "seed_interval": _bounds(each.over_seeds),
            "image_interval": _bounds(each.over_images),
            "chance": each.chance,
            "images": each.images,
            "metrics": finite_json(dict(each.metrics)),
            "classes": dict(zip(each.classes, each.recalls, strict=True)) if each.recalls else {},
        }
    return dict(variants)


def deltas_json(differences: Sequence[Difference]) -> dict[str, JsonValue]:
    """Every difference between two variants, by benchmark."""
    deltas: dict[str, dict[str, JsonValue]] = {}
    for each in differences:
        deltas.setdefault(f"{each.variant}-{each.reference}", {})[each.benchmark] = {
            "metric": each.metric,
            "mean": each.mean,
            "seeds": {str(seed): value for seed, value in each.seeds},
            "interval": _bounds(each.interval),
            "interval_over": each.interval.over if each.interval else None,
            "seed_interval": _bounds(each.over_seeds),
            "image_interval": _bounds(each.over_images),
            "p_value": each.p_value,
            "adjusted_p_value": each.adjusted,
            "stable": each.stable,
            "seeds_needed": each.seeds_needed,
            "distinguishable": each.distinguishable,
            "verdict": each.verdict,
        }
    return dict(deltas)


def checks_json(checked: Checked) -> dict[str, JsonValue]:
    """Every check's result, the worst where it judged several stages."""
    return {each.check: each.word for each in reversed(checked.lines)}


def _recalls(change: RecallChange) -> JsonValue:
    """The main comparison on one benchmark, by class and by third of the classes."""
    return {
        "benchmark": change.benchmark,
        "variant": change.variant,
        "reference": change.reference,
        "classes": [
            {
                "name": each.name, "images": each.images, "training_pairs": each.frequency, "third": each.band or None,
                "before": each.before, "after": each.after, "mean": each.mean, "interval": _bounds(each.interval),
            }
            for each in change.classes
        ],
        "thirds": {
            each.band: {"classes": each.classes, "mean": each.mean, "interval": _bounds(each.interval)}
            for each in change.bands
        },
    }  # fmt: skip


def _bounds(interval: Interval | None) -> JsonValue:
    return None if interval is None else [interval.low, interval.high]


def finite_json(value: object) -> JsonValue:
    """The value with null for NaN and the infinities; raises `TypeError` for what JSON does not have."""
    if isinstance(value, Mapping):
        return {str(name): finite_json(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [finite_json(item) for item in value]
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Real):
        return float(value) if math.isfinite(value) else None
    raise TypeError(f"a {type(value).__name__} has no place in the summary")

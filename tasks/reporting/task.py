"""The reporting stage: reads what the other stages wrote, and writes the report."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import JsonValue

from storage.caching.stage import stage
from storage.record.manifest import Manifest
from storage.store.workspace import Workspace
from storage.tables.shards import iter_batches
from tasks.reporting.compose import Material, compose
from tasks.reporting.config import Cell, ReportConfig, SelfSupervisedReportConfig
from tasks.reporting.inputs.frames import read_frame
from tasks.reporting.inputs.stage_outputs import (
    Backbone,
    Curation,
    Probed,
    Scored,
    Screening,
    Training,
)
from tasks.reporting.inputs.tables import (
    edge_lengths,
    read_alike,
    read_density,
    read_keywords,
    read_screening,
    shards_of,
)
from tasks.reporting.page.render import render
from tasks.reporting.report import Drawing, training_row
from tasks.reporting.sections.examples import ExampleGroup, choose, describe
from tasks.reporting.sections.geometry import geometry_row
from tasks.reporting.sections.scores import Answers, Measurement
from tasks.reporting.sections.training_curves import TrainingRun
from tasks.reporting.selfsupervised import content as selfsupervised
from tasks.reporting.selfsupervised.page import render_selfsupervised, selfsupervised_summary
from tasks.reporting.summary import dumped, summary_json


@stage("report", version=1, modules=("tasks.reporting",))
def report(
    config: ReportConfig,
    screening: Screening,
    curation: Curation,
    training: Training,
    scores: Sequence[Scored],
    *,
    work: Workspace,
) -> Mapping[str, JsonValue]:
    """Write `report.html`, `summary.json` and `figures/*.svg`."""
    pairs, dropped, tree, duplicates = screening.ingested, screening.dropped, screening.tree, screening.duplicates
    found = [each.found for each in screening.leaks.values()]
    entries, matches, balanced = curation.entries, curation.matches, curation.balanced
    selection, curated = curation.selection, curation.curated
    geometry, density = list(training.geometry.values()), list(training.density.values())
    models = [each.model for each in training.models]
    content = compose(
        config,
        Material(
            manifests=[
                *pairs, *([tree] if tree else []), *found, *([duplicates] if duplicates else []), *dropped,
                entries, *matches, balanced, selection, curated, *geometry, *density, *models,
                *(each.scores for each in scores),
            ],
            ingested=[manifest.stats for manifest in pairs],
            matched=[manifest.stats for manifest in matches],
            balanced=balanced.stats,
            selection=selection.stats,
            curated=curated.stats,
            entries=read_frame([work.path(selection, "entries.parquet")]),
            history=read_frame([work.path(balanced, "history.parquet")]),
            audit=_json(work.path(entries, "audit.json")),
            examples=_examples(config, pairs, matches, balanced, selection, work),
            measurements=[_measurement(each.cell, each.scores, work) for each in scores],
            geometry=[geometry_row(name, each.stats) for name, each in training.geometry.items()],
            edges={name: edge_lengths(each, work) for name, each in training.geometry.items()},
            encoder=training.encoder,
            density=read_density(config, training.density, selection, geometry, work),
            alike=read_alike(config, geometry, pairs, work),
            screening=read_screening(
                config, screening.encoder, pairs, dropped, tree, duplicates,
                [(name, each.found, each.images) for name, each in screening.leaks.items()], work,
            ),
            training=[
                training_row(each.run.variant, each.run.seed, each.model.stage, each.model.stats)
                for each in training.models
            ],
            runs=[
                TrainingRun(
                    each.run.variant, each.run.seed, each.model.stage,
                    read_frame([work.path(each.model, "metrics.parquet")]),
                )
                for each in training.models
            ],
        ),
    )  # fmt: skip
    return _write(work.output, content.headline, render(content), summary_json(content), content.drawings)


@stage("selfsupervised_report", version=1, modules=("tasks.reporting.selfsupervised",))
def selfsupervised_report(
    config: SelfSupervisedReportConfig, models: Sequence[Backbone], scores: Sequence[Probed], *, work: Workspace
) -> Mapping[str, JsonValue]:
    """Write `report.html`, `summary.json` and `figures/*.svg`."""
    content = selfsupervised.compose(
        config,
        tuple(each.seed for each in models),
        [each.model for each in models],
        [read_frame([work.path(each.model, "metrics.parquet")]) for each in models],
        tuple(each.run for each in scores),
        [each.scores for each in scores],
        [read_frame([work.path(each.scores, "predictions.parquet")]) for each in scores],
    )
    return _write(
        work.output, content.headline, render_selfsupervised(content), selfsupervised_summary(content), content.drawings
    )


def _write(
    output: Path, headline: str, page: str, summary: dict[str, Any], drawings: Mapping[str, Drawing]
) -> dict[str, JsonValue]:
    """The page, the numbers and the figures of a report; the stats of its stage."""
    (output / "report.html").write_text(page, encoding="utf-8", newline="\n")
    (output / "summary.json").write_text(dumped(summary), encoding="utf-8", newline="\n")
    (output / "figures").mkdir()
    for name, drawn in drawings.items():
        (output / "figures" / f"{name}.svg").write_text(drawn.svg, encoding="utf-8", newline="\n")
    return {"headline": headline, "variants": summary["variants"], "deltas": summary["deltas"]}


def _examples(
    config: ReportConfig,
    pairs: Sequence[Manifest],
    matches: Sequence[Manifest],
    balanced: Manifest,
    selection: Manifest,
    work: Workspace,
) -> list[ExampleGroup]:
    if config.examples == 0:
        return []
    weights = read_frame(work.paths(balanced, "weights-*.parquet"), ["id", "weight"])
    kept = read_frame([work.path(selection, "selection.parquet")], ["id", "multiplicity"])
    match_shards = shards_of(matches, "matches-*.parquet", work)
    chosen = choose(weights, kept, _unmatched(match_shards), config.examples, config.seed)
    return describe(
        chosen,
        pairs=shards_of(pairs, "pairs-*.parquet", work),
        matches=match_shards,
        weights=weights,
        selection=kept,
        keywords=read_keywords(selection, work),
        side=config.thumbnail,
    )


def _unmatched(shards: Sequence[Path]) -> np.ndarray:
    """Ids of the captions that hold no keyword."""
    found = [np.empty(0, dtype=np.uint64)]
    for batch in iter_batches(shards, ["id", "entries"]):
        lengths = batch["entries"].value_lengths().fill_null(0).to_numpy(zero_copy_only=False)
        found.append(batch["id"].to_numpy()[lengths == 0])
    return np.concatenate(found)


def _measurement(cell: Cell, manifest: Manifest, work: Workspace) -> Measurement:
    result = _json(work.path(manifest, "scores.json"))
    table = read_frame([work.path(manifest, "predictions.parquet")])
    answers = None
    if "prediction" in table.columns:
        label = table["label"].to_numpy().astype(np.int64)
        answers = Answers(label=label, correct=label == table["prediction"].to_numpy())
    return Measurement(
        variant=cell.variant,
        seed=cell.seed,
        benchmark=cell.benchmark,
        primary=result["primary"],
        metrics=result["metrics"],
        images=result["images"],
        choices=result["choices"],
        classes=tuple(each["name"] for each in result["classes"]),
        recalls=tuple(each["recall"] for each in result["classes"]),
        answers=answers,
    )


def _json(path: Path) -> dict[str, Any]:
    content = json.loads(path.read_text(encoding="utf-8"))
    assert isinstance(content, dict)
    return content

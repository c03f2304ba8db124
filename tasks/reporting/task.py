"""The reporting stage: reads what the other stages wrote, and writes the report."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import JsonValue

from storage.caching.prefect_task import stage
from storage.errors import InputError
from storage.record.manifest import Manifest
from storage.store.workspace import Workspace
from storage.tables.shards import iter_batches
from tasks.reporting.compose import Material, compose
from tasks.reporting.config import Cell, ReportConfig, RunLabel, SelfSupervisedReportConfig
from tasks.reporting.inputs.frames import read_frame
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
    pairs: Sequence[Manifest],
    entries: Manifest,
    matches: Sequence[Manifest],
    balanced: Manifest,
    selection: Manifest,
    curated: Manifest,
    geometry_of: tuple[str, ...],
    geometry: Sequence[Manifest],
    runs: tuple[RunLabel, ...],
    models: Sequence[Manifest],
    cells: tuple[Cell, ...],
    scores: Sequence[Manifest],
    encoder: str = "",
    density: Sequence[Manifest] = (),
    screened_by: str = "",
    dropped: Sequence[Manifest] = (),
    tree: Manifest | None = None,
    duplicates: Manifest | None = None,
    compared: tuple[str, ...] = (),
    leaks: Sequence[Manifest] = (),
    images: Sequence[Manifest] = (),
    *,
    work: Workspace,
) -> Mapping[str, JsonValue]:
    """Write `report.html`, `summary.json` and `figures/*.svg`.

    `geometry_of`, `runs`, `cells` and `compared` label `geometry` (and `density`), `models`, `scores` and `leaks`
    (and the benchmarks' `images`), one for one; any of them may be empty. pairs: all that were ingested; dropped: the
    groups after screening; tree, duplicates: what `geometry` and `deduplicate` found in the pairs before it;
    encoder, screened_by: the encoders in words.
    """
    for name, labels, manifests in (
        ("geometry", geometry_of, geometry),
        ("models", runs, models),
        ("scores", cells, scores),
        ("leaks", compared, leaks),
        ("images", compared, images),
    ):
        if len(labels) != len(manifests):
            raise InputError(f"the report got {len(manifests)} {name} with {len(labels)} labels; give one for each")
    content = compose(
        config,
        Material(
            manifests=[
                *pairs, *([tree] if tree else []), *leaks, *([duplicates] if duplicates else []), *dropped,
                entries, *matches, balanced, selection, curated, *geometry, *density, *models, *scores,
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
            measurements=[_measurement(cell, each, work) for cell, each in zip(cells, scores, strict=True)],
            geometry=[geometry_row(name, each.stats) for name, each in zip(geometry_of, geometry, strict=True)],
            edges={name: edge_lengths(each, work) for name, each in zip(geometry_of, geometry, strict=True)},
            encoder=encoder,
            density=read_density(config, dict(zip(geometry_of, density, strict=False)), selection, geometry, work),
            alike=read_alike(config, geometry, pairs, work),
            screening=read_screening(
                config, screened_by, pairs, dropped, tree, duplicates, list(zip(compared, leaks, images, strict=True)),
                work,
            ),
            training=[
                training_row(run.variant, run.seed, each.stage, each.stats)
                for run, each in zip(runs, models, strict=True)
            ],
            runs=[
                TrainingRun(run.variant, run.seed, each.stage, read_frame([work.path(each, "metrics.parquet")]))
                for run, each in zip(runs, models, strict=True)
            ],
        ),
    )  # fmt: skip
    return _write(work.output, content.headline, render(content), summary_json(content), content.drawings)


@stage("selfsupervised_report", version=1, modules=("tasks.reporting.selfsupervised",))
def selfsupervised_report(
    config: SelfSupervisedReportConfig,
    seeds: tuple[int, ...],
    models: Sequence[Manifest],
    runs: tuple[RunLabel, ...],
    scores: Sequence[Manifest],
    *,
    work: Workspace,
) -> Mapping[str, JsonValue]:
    """Write `report.html`, `summary.json` and `figures/*.svg`; `seeds` label `models`, `runs` label `scores`."""
    content = selfsupervised.compose(
        config,
        seeds,
        models,
        [read_frame([work.path(model, "metrics.parquet")]) for model in models],
        runs,
        scores,
        [read_frame([work.path(each, "predictions.parquet")]) for each in scores],
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

"""Screening: repetitions among the pairs and leaks of the benchmarks, found and dropped before anything is balanced."""

from collections.abc import Mapping, Sequence

from flows.config.pipeline import PipelineConfig
from flows.config.plans.evaluation import Benchmark
from flows.config.plans.screening import ScreeningPlan
from flows.engine.engine import Engine, Ref
from flows.graph.benchmarks import Dataset
from flows.graph.words import encoder_in_words
from storage.record.external import external
from tasks.embedding.record import EncoderRecord
from tasks.embedding.task import benchmark_images, embed
from tasks.geometry.task import geometry
from tasks.reporting.inputs.stage_outputs import Leaks, Screening
from tasks.screening.config import DropConfig
from tasks.screening.task import bounds as bounds_stage
from tasks.screening.task import deduplicate, drop, hash_images, leakage


def screen_graph(
    engine: Engine,
    config: PipelineConfig,
    ingested: Sequence[Ref],
    places: Mapping[str, Dataset],
    entries: Ref | None = None,
    survey: Ref | None = None,
) -> Screening:
    """What is taken down or filtered first, then leaks, then repetitions among what is left.

    So no row goes for one that goes too.

    Args:
        engine: what runs the graph.
        config: the experiment.
        ingested: groups of pairs.
        places: where the benchmarks lie.
        entries: the keyword list, by which the caption of a repetition is kept.
        survey: the look over all groups together, for whoever reads what screening left.
    """
    plan = config.screening
    down = DropConfig(takedown=config.balancing.takedown, filter=plan.filter if plan else ())
    bounds = engine.submit(bounds_stage, label="bounds", config=down, pairs=list(ingested)) if down.filter else None
    first = "filter" if down.filter else "take down"
    label = first if plan and plan.drops else "drop"
    taken = _dropped(engine, down, ingested, [], bounds, label=label) if down.takedown or down.filter else ()
    if plan is None:
        return Screening(ingested, taken, survey=survey)
    encoded = [
        _embed(engine, config, plan, shard, label=f"embed {index} for screening", gone=taken[index] if taken else None)
        for index, shard in enumerate(ingested if plan.near or plan.leakage else ())
    ]
    leaks = {
        item.name: _leaks(engine, config, plan, item, places[item.name], Screening(ingested, taken), encoded)
        for item in config.compared
    }
    tree = duplicates = None
    if plan.near:
        tree = engine.submit(geometry, label="geometry for screening", config=plan.geometry, embeddings=encoded)
    lists = [each.found for each in leaks.values()]
    if plan.deduplicate:
        hashes = [
            engine.submit(hash_images, label=f"hash images {index}", pairs=shard)
            for index, shard in enumerate(ingested if plan.deduplicate.perceptual is not None else ())
        ]
        duplicates = engine.submit(
            deduplicate,
            label="deduplicate",
            config=plan.deduplicate,
            pairs=list(ingested),
            geometry=tree,
            leaks=lists,
            gone=list(taken),
            hashes=hashes,
            entries=entries,
        )
        lists = [*lists, duplicates]
    encoder = encoder_in_words(plan.encoder)
    gone = _dropped(engine, down, ingested, lists, bounds) if plan.drops else taken
    return Screening(ingested, gone, tree, duplicates, leaks, encoder, survey, encoded)


def _dropped(
    engine: Engine,
    config: DropConfig,
    pairs: Sequence[Ref],
    lists: Sequence[Ref],
    bounds: Ref | None,
    *,
    label: str = "drop",
) -> list[Ref]:
    return [
        engine.submit(drop, label=f"{label} {index}", config=config, pairs=shard, dropped=list(lists), bounds=bounds)
        for index, shard in enumerate(pairs)
    ]


def _leaks(
    engine: Engine,
    config: PipelineConfig,
    plan: ScreeningPlan,
    item: Benchmark,
    place: Dataset,
    screened: Screening,
    encoded: Sequence[Ref],
) -> Leaks:
    name = item.name
    images = engine.submit(
        benchmark_images,
        label=f"images of {name}",
        benchmark=place.folder,
        dataset=place.root,
        split=config.split_of(item),
    )
    tested = _embed(engine, config, plan, images, label=f"embed images of {name}")
    found = engine.submit(
        leakage,
        label=f"leakage {name}",
        config=plan.leakage,
        benchmark=place.folder,
        embeddings=list(encoded),
        evaluation=[tested],
        pairs=list(screened.ingested),
        evaluation_pairs=[images],
        dataset=place.root,
        gone=list(screened.dropped),
    )
    return Leaks(found, images, tested)


def _embed(
    engine: Engine, config: PipelineConfig, plan: ScreeningPlan, pairs: Ref, *, label: str, gone: Ref | None = None
) -> Ref:
    model = external(plan.encoder.model, config.runtime.store) if plan.encoder.model else None
    settings = plan.encoder.settings
    # A folder says what it holds: an image model of any kind, or a CLIP. A bare checkpoint is what its settings say.
    encoder = EncoderRecord(settings, model) if settings.architecture else EncoderRecord(settings, image_model=model)
    return engine.submit(embed, label=label, encoder=encoder, pairs=pairs, gone=gone)

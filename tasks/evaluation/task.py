"""The evaluation stages: a model on a benchmark, heads on one encoded once, a linear probe of a model's features."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING

from storage.caching.stage import stage
from storage.record.manifest import External, Manifest
from storage.store.workspace import Workspace
from tasks.embedding.record import EncoderRecord
from tasks.evaluation.config import EvaluationConfig
from tasks.evaluation.probe.config import ProbeConfig
from tasks.evaluation.stats import AlongStats, BenchmarkStats, EncodedStats, HeadsStats, ProbeStats
from tasks.training.stats import TrainingStats

if TYPE_CHECKING:
    from tasks.embedding.benchmarks.layout import Layout
    from tasks.evaluation.scoring.answers import Answers
    from tasks.training.models.heads import Heads

_LESS_MEMORY = "lower `evaluation.batch_size`"


@stage("evaluate", version=1, on_device=True, modules=(), less_memory=_LESS_MEMORY)
def evaluate(
    config: EvaluationConfig, benchmark: str, model: Manifest, dataset: Manifest | External, *, work: Workspace
) -> BenchmarkStats:
    """Score one CLIP model on one benchmark.

    Args:
        config: intervals and splits.
        benchmark: sub-folder of the data set, or "".
        model: what a training stage wrote.
        dataset: holds the benchmark.
        work: this run.
    """
    from tasks.embedding.models.clip import load_clip
    from tasks.evaluation.zeroshot.clip_benchmark import Batches, zero_shot

    layout = _layout(config, benchmark, dataset, work)
    with _on_device(work) as device:
        clip = load_clip(work.directory(model), work.device)
        batches = Batches(layout, clip.transform, config.batch_size)
        answers = zero_shot(layout, clip.model, clip.tokenizer, batches, config, device=device)
    return _scored(config, layout, answers, clip.architecture.name, model, work)


@stage("encode_benchmark", version=1, on_device=True, modules=(), less_memory=_LESS_MEMORY)
def encode_benchmark(
    config: EvaluationConfig, benchmark: str, encoder: EncoderRecord, dataset: Manifest | External, *, work: Workspace
) -> EncodedStats:
    """Encode a benchmark once, for all the heads that stand on one encoder.

    Args:
        config: splits and batches.
        benchmark: sub-folder of the data set, or "".
        encoder: what made the embeddings that the heads were trained on.
        dataset: holds the benchmark.
        work: this run.
    """
    from tasks.embedding.encoding.opened import opened
    from tasks.evaluation.zeroshot.encoded import encode_layout, save_encoded

    layout = _layout(config, benchmark, dataset, work)
    encoders = opened(encoder, work, work.device)
    encoded = encode_layout(layout, encoders, batch_size=config.batch_size)
    save_encoded(work.output, encoded)
    return EncodedStats(benchmark=layout.name, images=len(encoded.images), texts=len(encoded.texts))


@stage("evaluate_heads", version=1, on_device=True, modules=())
def evaluate_heads(config: EvaluationConfig, model: Manifest, encoded: Manifest, *, work: Workspace) -> BenchmarkStats:
    """Score heads on a benchmark that was encoded by the encoders that they stand on.

    Args:
        config: intervals.
        model: what `train_heads` wrote.
        encoded: what `encode_benchmark` wrote.
        work: this run.
    """
    return _score_encoded(config, model, encoded, work)


@stage("evaluate_encoded", version=1, on_device=True, modules=())
def evaluate_encoded(
    config: EvaluationConfig, model: Manifest | External, encoded: Manifest, *, work: Workspace
) -> BenchmarkStats:
    """Score a CLIP model on a benchmark that it encoded itself: for a probe it is, and need not be again.

    Args:
        config: intervals.
        model: what a training stage wrote.
        encoded: what `encode_benchmark` wrote with this model.
        work: this run.
    """
    return _score_encoded(config, model, encoded, work)


@stage("probe_encoded", version=1, on_device=True, modules=("tasks.evaluation.probe",))
def probe_encoded(
    config: ProbeConfig, model: Manifest | External, train: Manifest, test: Manifest, *, work: Workspace
) -> ProbeStats:
    """Linear and nearest-neighbour accuracy of a CLIP model's, or of heads', image features on a benchmark.

    Args:
        config: how features are evaluated.
        model: heads, or the CLIP model that encoded the benchmark.
        train: the benchmark's training images, as `encode_benchmark` wrote them.
        test: its test images.
        work: this run.
    """
    from tasks.evaluation.probe.encoded_features import labelled_features
    from tasks.evaluation.probe.outcome import probe_outcome
    from tasks.evaluation.zeroshot.encoded import load_encoded
    from tasks.threads import fixed_threads

    heads = _heads_of(model, work)
    asked = load_encoded(work.directory(test))
    with fixed_threads(config.threads):
        sets = [labelled_features(each, heads) for each in (load_encoded(work.directory(train)), asked)]
    outcome = probe_outcome(config, *sets, names=asked.layout.classes, log=work.log)
    return outcome.write(work.output, pretrained=_weights_name(model), dataset=f"wds/{asked.layout.name}")


@stage("evaluate_along", version=1, on_device=True, modules=(), less_memory=_LESS_MEMORY)
def evaluate_along(config: EvaluationConfig, model: Manifest, encoded: Manifest, *, work: Workspace) -> AlongStats:
    """Score the heads that a training kept along its way, and the last, on a benchmark that was encoded once.

    Writes `along.parquet`, a row for each number of steps, and `answers.parquet`, a row for each step and image.

    Args:
        config: intervals.
        model: what `train_heads` wrote, with `keep_every`.
        encoded: what `encode_benchmark` wrote.
        work: this run.
    """
    from storage.tables.shards import write_table
    from tasks.evaluation.zeroshot.along import score_along
    from tasks.evaluation.zeroshot.encoded import load_encoded
    from tasks.training.models.saved import kept_heads

    read = load_encoded(work.directory(encoded))
    folder = work.directory(model)
    kept = kept_heads(folder / "along")
    last = TrainingStats.of(model).steps
    with _on_device(work) as device:
        along = score_along(read, kept | {last: folder}, config, where=work.device, kind=device)
    write_table(work.output / "along.parquet", along.scores)
    write_table(work.output / "answers.parquet", along.answers)
    return AlongStats(benchmark=read.layout.name, checkpoints=len(along.scores), images=len(read.images))


@stage("import_heads", version=1, modules=())
def import_heads(heads: External, *, work: Workspace) -> HeadsStats:
    """Heads of a file, such as the authors released, as a training stage would have written them: safetensors.

    Args:
        heads: a state dict in `.pt`, read with weights only, or in `.safetensors`; or a folder of heads.
        work: this run.
    """
    from tasks.training.models.saved import load_heads, save_heads

    read = load_heads(work.directory(heads))
    save_heads(work.output, read)
    sides = {"image": read.image_encoder.proj.in_features, "text": read.text_encoder.proj.in_features}
    return HeadsStats(**sides, outputs=read.image_encoder.out.out_features)


@stage("probe", version=1, on_device=True, modules=("tasks.evaluation.probe",))
def probe(
    config: ProbeConfig,
    model: Manifest,
    train: Sequence[Manifest],
    test: Sequence[Manifest],
    base: Manifest | External | None = None,
    untrained: bool = False,
    *,
    work: Workspace,
) -> ProbeStats:
    """Linear and nearest-neighbour accuracy of a model's frozen features.

    Args:
        config: how features are evaluated.
        model: what a training stage wrote.
        train: pairs whose labels are learnt from.
        test: pairs whose labels are asked for.
        base: the encoder under a model that is heads.
        untrained: evaluate the random network that a self-supervised training began from: the level to beat.
        work: this run.
    """
    from tasks.evaluation.probe.features import encode_labelled, load_encoder
    from tasks.evaluation.probe.outcome import probe_outcome
    from tasks.threads import fixed_threads

    with fixed_threads(config.threads):
        base_folder = work.directory(base) if base is not None else None
        encoder = load_encoder(work.directory(model), base_folder, work.device, untrained=untrained)
        sets = [
            encode_labelled(
                [path for manifest in pairs for path in work.paths(manifest, "pairs-*.parquet")],
                encoder,
                batch=config.batch_size,
                workers=work.runtime.workers,
                what=what,
            )
            for pairs, what in ((train, "training images"), (test, "test images"))
        ]
    outcome = probe_outcome(config, *sets, log=work.log)
    return outcome.write(work.output, pretrained="untrained" if untrained else model.digest[:12])


def _heads_of(model: Manifest | External, work: Workspace) -> "Heads | None":
    """The heads that a model is; None for a whole model, which the benchmark was encoded by."""
    from tasks.training.models.saved import load_heads, model_facts

    folder = work.directory(model)
    if isinstance(model, External) or model_facts(folder).get("kind") != "heads":
        return None
    return load_heads(folder, work.device)


def _weights_name(model: Manifest | External) -> str:
    return (model.fingerprint if isinstance(model, External) else model.digest)[:12]


def _score_encoded(
    config: EvaluationConfig, model: Manifest | External, encoded: Manifest, work: Workspace
) -> BenchmarkStats:
    from tasks.evaluation.zeroshot.clip_benchmark import zero_shot
    from tasks.evaluation.zeroshot.encoded import HeadsOnFeatures, load_encoded

    read = load_encoded(work.directory(encoded))
    heads = _heads_of(model, work)
    with _on_device(work) as device:
        scored = HeadsOnFeatures(heads, read).to(work.device).eval()
        answers = zero_shot(
            read.layout, scored, scored.tokenise, read.batches(config.batch_size), config, device=device
        )
    return _scored(config, read.layout, answers, "model" if heads is None else "heads", model, work)


def _layout(config: EvaluationConfig, benchmark: str, dataset: Manifest | External, work: Workspace) -> "Layout":
    from tasks.embedding.benchmarks.layout import inspect_layout, subfolder

    root = subfolder(work.directory(dataset), benchmark)
    return inspect_layout(root, name=benchmark or root.name, split=config.split)


@contextmanager
def _on_device(work: Workspace) -> Iterator[str]:
    """The type of the device that is chosen inside: clip-benchmark takes "cuda" only, not which card."""
    import torch

    device = torch.device(work.device)
    with torch.cuda.device(device.index) if device.index is not None else nullcontext():
        yield device.type


def _scored(
    config: EvaluationConfig,
    layout: "Layout",
    answers: "Answers",
    name: str,
    model: Manifest | External,
    work: Workspace,
) -> BenchmarkStats:
    from tasks.evaluation.scoring.intervals import Bootstrap
    from tasks.evaluation.scoring.results import answer_table, figures, write_results
    from tasks.evaluation.scoring.scores import scores_of

    bootstrap = Bootstrap(resamples=config.resamples, confidence=config.confidence, seed=config.seed)
    scores = scores_of(answers, layout.classes, bootstrap)
    for finding in scores.findings:
        work.log(f"{layout.name}: {finding}")
    result = scores.to_json(dataset=f"wds/{layout.name}", model=name, pretrained=_weights_name(model))
    write_results(work.output, answer_table(answers), result)
    return BenchmarkStats.model_validate(figures(scores) | {"benchmark": layout.name})

"""Folders of encoders, checkpoints and benchmarks that hold no such thing."""

from collections.abc import Iterator
from pathlib import Path

from flows.config.experiment import Experiment
from flows.config.pipeline import PipelineConfig
from flows.config.plans.training import EncoderPlan
from flows.config.studies.study import StudyExperiment
from flows.preflight.named_files import parts
from storage.errors import InputError
from tasks.embedding.models.folders import encoder_kind


def encoders(config: Experiment) -> Iterator[str]:
    """Folders of encoders that hold no such model, by their files' names; the weights are read when it runs."""
    for name, plan in parts(config):
        if not isinstance(plan, EncoderPlan):
            continue
        for field in ("image_model", "text_model"):
            folder = getattr(plan, field)
            if folder is None or not folder.is_dir():
                continue
            try:
                encoder_kind(folder, "image" if field == "image_model" else "text")
            except InputError as error:
                yield f"`{name}.{field}`: {error}"


def checkpoints(config: Experiment) -> Iterator[str]:
    """Checkpoints that are named as models and hold none; they need no description."""
    if not isinstance(config, PipelineConfig):
        return
    from tasks.embedding.models.checkpoint import weights_file

    screening, training = config.screening, config.training
    named = {
        "screening.encoder.model": screening.encoder.model if screening else None,
        "training.initial": training.initial if training else None,
        "encoder.model": config.encoder.model if config.encoder else None,
    }
    for name, path in named.items():
        if not isinstance(path, Path) or not path.exists():
            continue  # `_files` says what does not exist
        try:
            weights_file(path)
        except InputError as error:
            yield f"`{name}`: {error}"


def class_lists(config: Experiment) -> Iterator[str]:
    """Benchmarks of this machine that name no classes, prompts or shards. The tars themselves are read when it runs."""
    if isinstance(config, PipelineConfig):
        wanted = [(item, config.split_of(item)) for item in config.benchmarks]
    else:
        wanted = config.study.scored if isinstance(config, StudyExperiment) else []
    for item, split in wanted:
        if item.path is None or not item.path.is_dir():
            continue
        from tasks.embedding.benchmarks.layout import SHARD_COUNT, read_prompts

        try:
            read_prompts(item.path, item.path.name)
        except InputError as error:
            yield f"the benchmark {item.name!r}: {error}"
        shards = item.path / split / SHARD_COUNT
        if not shards.is_file():
            yield f"the benchmark {item.name!r}: {shards} does not exist, which says how many tars there are"

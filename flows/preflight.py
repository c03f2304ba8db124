"""What can be known before work starts: that this machine has what an experiment needs, and that there is work to do.

Every fault is found, a sentence each, named by its field; nothing is computed, and no large package is loaded that the
experiment would not load anyway.
"""

import os
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path

from pydantic import BaseModel

from flows.config.experiment import Experiment
from flows.config.pipeline import PipelineConfig
from flows.config.plans import EncoderPlan
from flows.config.selfsupervised import SelfSupervisedExperiment
from flows.config.studies.study import StudyExperiment
from flows.verbs import Verb
from storage.errors import InputError
from storage.extras import missing, sentence
from storage.places.place import is_url
from tasks.embedding.models.folders import kind_of
from tasks.embedding.models.hub import is_name
from tasks.ingest.config import SourceConfig
from tasks.matching.config import WordFrequencyEntries
from tasks.matching.lists.installed_versions import installed_lists

_MODELS = ("training", "geometry", "evaluation")  # sections that need the extra `train`
_ELSEWHERE = ("output", "store")  # made where they are missing
_READ_AT_ONCE = ("text", "json", "entries", "class_names")  # kinds of keyword lists that are read in no time


def require(config: Experiment, verb: Verb) -> None:
    """Raise `InputError` with every fault that is known before the verb starts."""
    faults = list(preflight(config, verb))
    if len(faults) == 1:
        raise InputError(f"{config.name} cannot run: {faults[0]}")
    if faults:
        listed = "".join(f"\n  {each}" for each in faults)
        raise InputError(f"{config.name} cannot run, for {len(faults)} reasons:{listed}")


def preflight(config: Experiment, verb: Verb) -> Iterator[str]:
    """Every fault that is known before the verb starts, a sentence each."""
    yield from _nothing_to_do(config, verb)
    lacks_models = list(_models(config, verb))
    yield from lacks_models or _device(config, verb)
    yield from _packages(config)
    missing = list(_files(config))
    yield from missing
    if not missing:
        yield from _headers(config)
        yield from _keyword_files(config)
    yield from _encoders(config)
    yield from _class_lists(config)
    yield from _no_models(config)
    yield from _folders(config)


def _nothing_to_do(config: Experiment, verb: Verb) -> Iterator[str]:
    if not isinstance(config, PipelineConfig):
        return
    if verb == "train" and config.training is None and config.geometry is None:
        yield "the verb train has nothing to do, because `training` is not set"
    if verb == "evaluate" and config.evaluation is None:
        yield "the verb evaluate has nothing to do, because `evaluation` is not set"


def _device(config: Experiment, verb: Verb) -> Iterator[str]:
    """Whether there is the device; a processor needs no asking, and torch is not loaded for it."""
    if config.device == "cpu" or (verb == "curate" and not _encodes(config)):
        return
    import torch

    kind, _, number = config.device.partition(":")
    held = torch.cuda.device_count() if kind == "cuda" else 0
    if kind == "cuda" and not held:
        yield f"`device` is {config.device}, but torch finds no CUDA device on this machine; set `device: cpu`"
    elif kind == "cuda" and int(number or 0) >= held:
        yield f"`device` is {config.device}, but there are {held}: cuda:0 to cuda:{held - 1}"
    elif kind == "mps" and not torch.backends.mps.is_available():
        yield "`device` is mps, but torch finds no Apple GPU on this machine; set `device: cpu`"
    ranks = config.runtime.ranks
    if kind == "cuda" and 0 < held < ranks:
        yield f"`ranks` is {ranks}, but there are {held} CUDA devices, and every rank needs one"


def _encodes(config: Experiment) -> bool:
    screening = config.screening if isinstance(config, PipelineConfig) else None
    return screening is not None and (screening.near or screening.leakage is not None)


def _models(config: Experiment, verb: Verb) -> Iterator[str]:
    """Whether what encodes, trains and scores is installed, where the verb comes to that."""
    package = missing("torch", "torchvision", "lightning", "safetensors", "open_clip", "transformers", "clip_benchmark")
    if package is None:
        return
    if not isinstance(config, PipelineConfig):
        yield f"`{'study' if verb == 'study' else 'selfsupervised'}`: {sentence(package)}"
    elif _encodes(config):
        yield f"`screening` compares pictures: {sentence(package)}"
    elif verb != "curate" and (field := next((each for each in _MODELS if getattr(config, each) is not None), None)):
        yield f"`{field}`: {sentence(package)}; `--verb curate` can do without"


def _packages(config: Experiment) -> Iterator[str]:
    if config.runner == "ray" and find_spec("prefect_ray") is None:
        yield "`runner: ray` needs Ray; install it with `pip install 'equipoise[ray]'`, or set `runner: threads`"
    for tracker in config.trackers:
        if tracker != "tensorboard" and find_spec(tracker) is None:
            yield f"`trackers` names {tracker}, which is not installed: pip install 'equipoise[{tracker}]', or drop it"
    if not isinstance(config, PipelineConfig):
        return
    for index, source in enumerate(config.metadata.sources):
        name = f"`metadata.sources[{index}]`"
        if isinstance(source, WordFrequencyEntries) and find_spec("wordfreq") is None:
            yield f"{name} needs the package wordfreq: pip install wordfreq"
        elif source.kind == "wordnet" and "absent" in installed_lists([source]).values():
            yield f"{name} needs a WordNet: set its `folder`, or pip install wn and its data"
        elif source.kind == "class_names" and find_spec("clip_benchmark") is None:
            yield f"{name} needs the package clip-benchmark: pip install clip-benchmark"


def _files(config: Experiment) -> Iterator[str]:
    """Paths of this machine that the configuration names and that lead nowhere."""
    evaluation = config.evaluation if isinstance(config, PipelineConfig) else None
    told: set[Path] = set()
    if evaluation is not None:
        yield from evaluation.faults()
        told.update(evaluation.named)
    for name, path in paths(config):
        if path not in told and not path.exists():
            told.add(path)
            hint = "" if path.is_absolute() else f" (it is taken from the current folder, {Path.cwd()})"
            yield f"`{name}`: {path} does not exist{hint}"
        elif path not in told and not os.access(path, os.R_OK):
            told.add(path)
            yield f"`{name}`: {path} may not be read by this user"


def paths(value: object) -> Iterator[tuple[str, Path]]:
    """Every path of this machine in a configuration, with the field that holds it; patterns and URLs are no paths."""
    for name, part in _parts(value):
        if isinstance(part, Path) and not is_url(part) and not is_name(part) and not set("*?[{") & set(str(part)):
            yield name, part


def _parts(value: object, name: str = "") -> Iterator[tuple[str, object]]:
    """Every section, item and value of a configuration, with the field that holds it."""
    yield name, value
    if isinstance(value, BaseModel):
        for field in type(value).model_fields:
            if name or field not in _ELSEWHERE:
                yield from _parts(getattr(value, field), f"{name}.{field}" if name else field)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _parts(item, f"{name}.{key}")
    elif isinstance(value, tuple | list):
        for index, item in enumerate(value):
            yield from _parts(item, f"{name}[{index}]")


def _encoders(config: Experiment) -> Iterator[str]:
    """Folders of encoders that hold no model, by their descriptions; the weights are read when it runs."""
    for name, plan in _parts(config):
        if not isinstance(plan, EncoderPlan):
            continue
        for field in ("image_model", "text_model"):
            folder = getattr(plan, field)
            if folder is None or not folder.is_dir():
                continue
            try:
                kind = kind_of(folder)
            except InputError as error:
                yield f"`{name}.{field}`: {error}"
            else:
                if kind == "timm" and field == "text_model":
                    yield f"`{name}.{field}`: {folder} is a timm image model; give a transformers or open_clip folder"


def _no_models(config: Experiment) -> Iterator[str]:
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


def _headers(config: Experiment) -> Iterator[str]:
    """Columns that a source's files do not have, or that hold something else; files that a pattern does not find.

    Of files on this machine: those at a URL are read when they are ingested.
    """
    from tasks.ingest.groups import plan_groups
    from tasks.ingest.kinds import source_of
    from tasks.ingest.sources.source import no_header

    for name, source in sources(config):
        kind = source_of(source)
        try:
            if is_url(getattr(source, "path", None)):
                continue  # a run that finds everything in its store reads nothing of it
            for fault in kind.header_faults(source):
                yield f"`{name}`: {fault}"
            if kind.header_faults is no_header:
                plan_groups(source)
        except InputError as error:
            yield f"`{name}`: {error}"


def sources(config: Experiment) -> Iterator[tuple[str, SourceConfig]]:
    """Every source of an experiment, with the field that holds it."""
    if isinstance(config, PipelineConfig | SelfSupervisedExperiment):
        yield from ((f"sources[{index}]", source) for index, source in enumerate(config.sources))
    if isinstance(config, SelfSupervisedExperiment):
        yield from ((f"probe.test[{index}]", source) for index, source in enumerate(config.probe.test))


def _keyword_files(config: Experiment) -> Iterator[str]:
    """Keyword files that cannot be read, or that hold no keyword."""
    if not isinstance(config, PipelineConfig):
        return
    from tasks.matching.lists.sources import read_source

    for index, source in enumerate(config.metadata.sources):
        if source.kind not in _READ_AT_ONCE:
            continue
        name = f"`metadata.sources[{index}]`"
        try:
            if not any(entry.strip() for entry in read_source(source, config.metadata.files, ())):
                yield f"{name}: {config.metadata.files or 'the list'} holds no keyword"
        except InputError as error:
            yield f"{name}: {error}"


def _class_lists(config: Experiment) -> Iterator[str]:
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


def _folders(config: Experiment) -> Iterator[str]:
    """Where results go, if nothing can be made there. A store that can only be read may hold all that is asked for."""
    for name, folder in (("output", config.folder), ("store", config.runtime.store)):
        nearest = next(each for each in (folder.absolute(), *folder.absolute().parents) if each.exists())
        if not nearest.is_dir():
            yield f"`{name}`: {nearest} is a file, where a folder is needed"
        elif not os.access(nearest, os.W_OK | os.X_OK) and not (name == "store" and nearest == folder.absolute()):
            yield f"`{name}`: nothing can be written below {nearest}"

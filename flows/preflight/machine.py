"""Whether the machine has what an experiment needs, and whether there is work to do."""

import os
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from flows.config.experiment import Experiment
from flows.config.pipeline import PipelineConfig
from flows.verbs import Verb
from flows.workers.address import ADDRESS, refused_address
from storage.extras import missing, sentence
from storage.store.experiments import EXPERIMENTS
from storage.store.runs import RUNS
from storage.store.store import LOCKS, RECORDS, SCRATCH, TEMPORARY
from storage.store.workspace import present_device
from tasks.matching.config import WordFrequencyEntries
from tasks.matching.lists.installed_versions import installed_lists

_MODELS = ("training", "geometry", "evaluation")  # sections that need the extra `train`


def nothing_to_do(config: Experiment, verb: Verb) -> Iterator[str]:
    """Whether the configuration has nothing that the verb would do."""
    if not isinstance(config, PipelineConfig):
        return
    if verb == "train" and config.training is None and config.geometry is None:
        yield "the verb train has nothing to do, because `training` is not set"
    if verb == "evaluate" and config.evaluation is None:
        yield "the verb evaluate has nothing to do, because `evaluation` is not set"


def device(config: Experiment, verb: Verb) -> Iterator[str]:
    """Whether there is the device; a processor needs no asking, and torch is not loaded for it.

    A Ray cluster's devices are its own: it is asked when it is joined.
    """
    if config.device == "cpu" or (verb == "curate" and not _encodes(config)):
        return
    if config.runner in ("ray", "ray_task_runner") and config.device.startswith("cuda:"):
        yield f"`device` is {config.device}, but Ray chooses which GPU a run gets; set `device: cuda`"
        return
    if config.runner in ("ray", "ray_task_runner") and os.environ.get(ADDRESS):
        return
    import torch

    kind, _, number = present_device(config.device).partition(":")
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


def ranks_of_a_launcher(config: Experiment) -> Iterator[str]:
    """Whether torchrun, or a scheduler in its way, started this as one of several ranks: each would be a whole run.

    They would share a store, and a training's first rank would wait for others, which wait for its lock.
    """
    rank, world = os.environ.get("RANK"), os.environ.get("WORLD_SIZE")
    if world not in (None, "1") or rank not in (None, "0") or (rank is not None and config.runtime.ranks > 1):
        set_here = " and ".join(f"{name}={each}" for name, each in (("RANK", rank), ("WORLD_SIZE", world)) if each)
        yield (
            f"torchrun or a scheduler started this as one of several ranks ({set_here}); start a run once, without "
            "them, and set `ranks`: it starts the processes of a training itself; on several machines by "
            "`runner: ray` and `machines`"
        )


def _encodes(config: Experiment) -> bool:
    screening = config.screening if isinstance(config, PipelineConfig) else None
    return screening is not None and (screening.near or screening.leakage is not None)


def missing_packages_of_models(config: Experiment, verb: Verb) -> Iterator[str]:
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


def packages(config: Experiment) -> Iterator[str]:
    """Packages that the runner, the trackers and the keyword lists need and that are not installed."""
    on_ray = {"ray": "ray", "ray_task_runner": "prefect_ray"}.get(config.runner)
    if on_ray and find_spec(on_ray) is None:
        yield (f"`runner: {config.runner}` needs Ray: `pip install 'equipoise[ray]'`, or use `runner: threads`")
    if on_ray and (fault := refused_address()):
        yield fault
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


def folders(config: Experiment) -> Iterator[str]:
    """Where results go, if nothing can be made there. A store that can only be read may hold all that is asked for."""
    for name, folder in (("output", config.folder), ("store", config.runtime.store)):
        nearest = next(each for each in (folder.absolute(), *folder.absolute().parents) if each.exists())
        if not nearest.is_dir():
            yield f"`{name}`: {nearest} is a file, where a folder is needed"
        elif not os.access(nearest, os.W_OK | os.X_OK) and not (name == "store" and nearest == folder.absolute()):
            yield f"`{name}`: nothing can be written below {nearest}"
    yield from _closed(config.runtime.store)


def _closed(store: Path) -> Iterator[str]:
    """Folders that every run writes to, where the store is open to this user and they are not."""
    if not os.access(store, os.W_OK | os.X_OK):
        return
    inside = [store / name for name in (EXPERIMENTS, LOCKS, RECORDS, RUNS, SCRATCH, TEMPORARY)]
    if closed := [each for each in inside if each.is_dir() and not os.access(each, os.W_OK | os.X_OK)]:
        owners = ", ".join(sorted({each.owner() for each in closed}))
        yield (
            f"`store`: this user may write to {store}, but not to {', '.join(each.name for each in closed)} in it; let "
            f"{owners} `chmod -R g+rwX {store}`"
        )

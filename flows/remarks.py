"""What should be known before a run starts though it is no fault: of its benchmarks, and of GPUs that stay idle."""

from collections.abc import Iterator
from importlib.util import find_spec

from flows.config.experiment import Experiment
from flows.config.pipeline import PipelineConfig
from flows.config.plans.evaluation import Benchmark
from flows.config.studies.study import StudyExperiment
from flows.verbs import Verb
from storage.errors import InputError

LARGEST = 512 << 20
"""Bytes of a benchmark's tars up to which its labels are counted before a run; beyond, evaluation tells it."""


def _scored(config: Experiment, verb: Verb) -> list[tuple[Benchmark, str]]:
    """The benchmarks that are scored by a run or a study, each with its split."""
    if isinstance(config, StudyExperiment):
        return config.study.scored
    if not isinstance(config, PipelineConfig) or verb not in ("evaluate", "pipeline") or config.evaluation is None:
        return []
    return [(item, config.evaluation.settings.split) for item in config.evaluation.benchmarks]


def remarks(config: Experiment, verb: Verb) -> Iterator[str]:
    """Sentences about GPUs that no run would take, and about benchmarks that are scored.

    A benchmark has fewer than five classes, classes without images or of one name. Raises `InputError` for one whose
    tars are broken, before anything is trained to be scored on it.
    """
    if config.device in ("auto", "cuda") and verb != "curate" and find_spec("torch") is not None:
        import torch

        yield from idle_devices(config, torch.cuda.device_count())
    for item, split in _scored(config, verb):
        if item.path is None or not item.path.is_dir():
            continue
        if sum(file.stat().st_size for file in (item.path / split).glob("*.tar")) > LARGEST:
            continue
        import numpy as np

        from tasks.embedding.benchmarks.layout import inspect_layout
        from tasks.evaluation.scoring.findings import alike_findings, few_findings, missing_findings

        try:
            layout = inspect_layout(item.path, name=item.path.name, split=split)
        except InputError as error:
            raise InputError(f"the benchmark {item.name!r} cannot be scored: {error}") from None
        if layout.kind == "retrieval":
            continue
        of_classes = layout.kind == "classification"
        left_out = "can be answered, and are left out of the mean over classes"
        found = (
            *(few_findings(len(layout.classes)) if of_classes else ()),
            *alike_findings(layout.classes),
            *missing_findings(layout.classes, np.array(layout.of_class), left_out if of_classes else "count as 0"),
        )
        for sentence in found:
            yield f"the benchmark {item.name!r}: {sentence}"


def idle_devices(config: Experiment, held: int) -> Iterator[str]:
    """That threads and processes of one machine all compute on its first GPUs, where it holds more."""
    taken = config.runtime.ranks
    if config.runner in ("threads", "processes") and held > taken:
        first = "the first" if taken == 1 else f"the first {taken}"
        yield (
            f"this machine has {held} CUDA devices, and under `runner: {config.runner}` every stage run takes {first}; "
            "`runner: ray` gives each run its own"
        )

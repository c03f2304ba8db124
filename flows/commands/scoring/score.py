"""The scores of one model on one benchmark that `equipoise evaluate` asks for, by the pipeline's own cached stages."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from flows.commands.console import whisper
from flows.commands.scoring.candidates import Candidate
from flows.config.plans.evaluation import Benchmark, EvaluationPlan
from storage.errors import InputError
from storage.record.external import external
from storage.record.keys import KeyParts
from storage.record.manifest import Manifest
from storage.store.workspace import Runtime
from tasks.evaluation.config import EvaluationConfig
from tasks.evaluation.exchange.folder import Scored
from tasks.evaluation.task import encode_benchmark, evaluate_encoded, evaluate_heads, probe_encoded


def named_benchmarks(
    root: Path | None, named: Sequence[str], settings: EvaluationConfig, *, probe: bool
) -> EvaluationPlan:
    """The benchmarks of names and folders.

    Args:
        root: folder of the data sets that are named.
        named: names, lists of names, and folders.
        settings: of the evaluation.
        probe: whether features are probed, too.

    Raises:
        InputError: there is none, or one is not there.
    """
    folders = [Path(each) for each in named if Path(each).is_dir()]
    names = [each for each in named if Path(each) not in folders]
    if not named:
        raise InputError("no benchmark is named; give --root FOLDER and --benchmark cifar10, or --benchmark FOLDER")
    values: dict[str, Any] = {
        "settings": settings,
        "root": root,
        "names": names,
        "benchmarks": [{"name": folder.resolve().name, "path": folder} for folder in folders],
        "probe": {} if probe else None,
    }
    try:
        plan = EvaluationPlan.model_validate(values)
    except ValidationError as error:
        raise InputError(error.errors()[0]["msg"].removeprefix("Value error, ")) from None
    for fault in plan.faults():
        raise InputError(fault)
    return plan


def scores(candidate: Candidate, item: Benchmark, plan: EvaluationPlan, runtime: Runtime) -> Iterator[Scored]:
    """Zero-shot, and a probe where the plan has one.

    candidate: the model. item: the benchmark. plan: what is asked for. runtime: where and with what.
    """
    assert item.path is not None  # found by its name or given as a folder
    dataset = external(item.path, runtime.store)

    def encoded(split: str) -> Manifest:
        settings = plan.settings.model_copy(update={"split": split})

        def began(parts: KeyParts) -> None:
            whisper(f"{item.name} ({split}) is encoded for {candidate.name}")

        return encode_benchmark.run(settings, "", candidate.encoder, dataset, runtime=runtime, began=began)

    def scored(made: Manifest) -> Scored:
        document = json.loads((runtime.store / made.name / "scores.json").read_text(encoding="utf-8"))
        return Scored(candidate.name, candidate.pretrained, item.name, document)

    test = encoded(plan.settings.split)
    scorer = evaluate_heads if candidate.heads else evaluate_encoded
    yield scored(scorer.run(config=plan.settings, model=candidate.weights, encoded=test, runtime=runtime))
    if item in plan.probed and plan.probe is not None:
        train = encoded(plan.probe.train)
        yield scored(probe_encoded.run(plan.probe.settings, candidate.weights, train, test, runtime=runtime))

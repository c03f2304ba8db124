"""The evaluation stage: one model, one benchmark."""

import json
from collections.abc import Mapping
from contextlib import nullcontext

import pyarrow as pa
import torch
from pydantic import JsonValue

from storage.caching import stage
from storage.manifest import External, Manifest
from storage.shards import write_table
from storage.workspace import Workspace
from tasks.evaluation.benchmark import classify, retrieve
from tasks.evaluation.config import EvaluationConfig
from tasks.evaluation.intervals import Bootstrap
from tasks.evaluation.layout import inspect_layout, subfolder
from tasks.evaluation.scores import classification_scores, retrieval_scores
from tasks.training.models import load_trained


@stage("evaluate", version=1, modules=("tasks.evaluation",))
def evaluate(
    config: EvaluationConfig,
    benchmark: str,
    model: Manifest,
    dataset: Manifest | External,
    base: Manifest | External | None,
    *,
    work: Workspace,
) -> Mapping[str, JsonValue]:
    """Score `model` on the sub-folder `benchmark` of `dataset`; `base` is the encoder under a model that is heads."""
    folder = work.directory(dataset)
    root = subfolder(folder, benchmark)
    layout = inspect_layout(root, name=benchmark or root.name, split=config.split)
    device = torch.device(work.runtime.device)
    clip = load_trained(work.directory(model), work.directory(base) if base is not None else None, str(device))
    clip.model.eval()
    bootstrap = Bootstrap(resamples=config.resamples, confidence=config.confidence, seed=config.seed)
    # clip-benchmark takes a device type only ("cuda"); the card is chosen around it.
    with torch.cuda.device(device.index) if device.index is not None else nullcontext():
        if layout.kind == "classification":
            answers = classify(layout, clip, device=device.type, batch_size=config.batch_size)
            scores = classification_scores(answers, layout.classes, bootstrap)
            predictions = pa.table(
                {
                    "index": pa.array(range(len(answers.label)), pa.uint32()),
                    "label": pa.array(answers.label, pa.int32()),
                    "prediction": pa.array(answers.prediction, pa.int32()),
                }
            )
        else:
            found = retrieve(layout, clip, recall_k=config.recall_k, device=device.type, batch_size=config.batch_size)
            scores = retrieval_scores(found, bootstrap)
            predictions = pa.table(
                {
                    "index": pa.array(range(len(found.image_of_text)), pa.uint32()),
                    "image": pa.array(found.image_of_text, pa.uint32()),
                    **{f"found@{k}": pa.array(hits) for k, hits in found.found_image.items()},
                }
            )
    write_table(work.output / "predictions.parquet", predictions)
    result = scores.to_json(dataset=f"wds/{layout.name}", model=clip.architecture.name, pretrained=model.digest[:12])
    text = json.dumps(result, indent=2, allow_nan=False, ensure_ascii=False)
    (work.output / "scores.json").write_text(text + "\n", encoding="utf-8")
    interval = scores.intervals[scores.primary]
    return {
        "benchmark": layout.name,
        "task": scores.task,
        "primary": scores.primary,
        "value": scores.metrics[scores.primary],
        "interval": [interval.low, interval.high],
        **scores.metrics,
        "images": scores.images,
        "classes": scores.choices,
    }

"""The training loop, on Lightning Fabric: one loop for whole models, fine-tuning and heads."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import torch
from torch import Tensor, nn

from storage.errors import EquipoiseError
from storage.progress import progress
from tasks.training.checkpoint import load_checkpoint, restore, save_checkpoint
from tasks.training.config import LoopConfig
from tasks.training.contrastive import MEASURES, Measured, Objective
from tasks.training.optimiser import build_optimiser
from tasks.training.schedule import learning_rate
from tasks.training.threads import fixed_threads

LARGEST_LOGIT_SCALE = math.log(100)
"""The logit scale's logarithm is kept at or below this, as in CLIP: a scale of at most 100."""

COLUMNS = (*MEASURES, "learning_rate", "gradient_norm")


@dataclass(frozen=True)
class Batch:
    """Examples of one step: `ids` uint64 `[b]`, images and texts as the encoders take them."""

    ids: np.ndarray
    images: Tensor
    texts: Tensor


@dataclass(frozen=True)
class Fitted:
    """What a training did. `metrics` has a row a step: `step`, `examples` and `COLUMNS` (null: not measured)."""

    steps: int
    examples_seen: int
    resumed_at: int
    metrics: pa.Table

    def last(self, column: str, over: int = 20) -> float | None:
        """The mean of a column over the last steps, None where it was not measured."""
        values = [value for value in self.metrics[column].to_pylist()[-over:] if value is not None]
        return float(np.mean(values)) if values else None


def fit(
    objective: Objective,
    batches: Callable[[int], Iterator[Batch]],
    config: LoopConfig,
    *,
    device: str = "cpu",
    scratch: Path | None = None,
    description: str = "training",
) -> Fitted:
    """Minimise the objective for `config.steps` steps; the objective's parameters are changed in place.

    batches: from a step's number, the batches from that step on. The same number gives the same batch at every call.
    scratch: where checkpoints go; one found there is gone on from, to the same bits as without the interruption (on
        a processor). None: no checkpoints.

    Raises `EquipoiseError` when the loss is not finite, naming ids of the batch it came from.
    """
    from lightning.fabric import Fabric

    accelerator, index = _accelerator(device)
    fabric = Fabric(accelerator=accelerator, devices=index, precision=config.precision)
    with fixed_threads(config.threads):
        return _fit(fabric, objective, batches, config, scratch, description)


def _fit(fabric, objective, batches, config, scratch, description) -> Fitted:  # type: ignore[no-untyped-def]
    plain = build_optimiser(fabric.to_device(objective), config.optimiser)
    module, optimiser = fabric.setup(objective, plain)
    module.mark_forward_method("encode")
    parameters = [parameter for group in plain.param_groups for parameter in group["params"]]
    history = torch.full((config.steps, len(COLUMNS)), torch.nan, dtype=torch.float64)
    start = 0
    checkpoint = load_checkpoint(scratch) if scratch is not None else None
    if checkpoint is not None and checkpoint.step <= config.steps:
        restore(checkpoint, objective, plain)
        start = checkpoint.step
        history[:start] = checkpoint.history
    watch = _Watch(history, every=1 if fabric.device.type == "cpu" else 16)
    bar = progress(config.steps, description, unit="step", initial=start)
    stream = batches(start)
    for step in range(start, config.steps):
        batch = next(stream)
        rate = learning_rate(step, peak=config.optimiser.learning_rate, steps=config.steps, schedule=config.schedule)
        for group in plain.param_groups:
            group["lr"] = rate
        images, texts = fabric.to_device((batch.images, batch.texts))
        optimiser.zero_grad(set_to_none=True)
        measured: Measured = module(images, texts)
        fabric.backward(measured.loss)
        bound = config.optimiser.clip_norm or math.inf
        norm = torch.nn.utils.clip_grad_norm_(parameters, bound)
        watch.record(step, batch.ids, measured.values, rate, norm)
        optimiser.step()
        _clamp_logit_scale(objective.model)
        if (step + 1) % config.checkpoint_every == 0 and scratch is not None and step + 1 < config.steps:
            watch.flush()
            save_checkpoint(scratch, step + 1, objective, plain, history[: step + 1].clone())
        bar.update(1)
    watch.flush()
    bar.close()
    return Fitted(config.steps, config.steps * config.batch, start, _metrics(history, config.batch))


def _clamp_logit_scale(model: nn.Module) -> None:
    if isinstance(model.logit_scale, nn.Parameter):
        with torch.no_grad():
            model.logit_scale.clamp_(max=LARGEST_LOGIT_SCALE)


def _accelerator(device: str) -> tuple[str, int | list[int]]:
    """Fabric's words for a torch device: `cuda:1` is accelerator `cuda`, devices `[1]`."""
    kind, _, index = device.partition(":")
    return kind, [int(index)] if index else 1


class _Watch:
    """Keeps every step's numbers, and stops at one that is not finite; reads the device every few steps only."""

    def __init__(self, history: Tensor, every: int) -> None:
        self._history, self._every = history, every
        self._pending: list[tuple[int, np.ndarray, Tensor, float, Tensor]] = []

    def record(self, step: int, ids: np.ndarray, values: Tensor, rate: float, norm: Tensor) -> None:
        self._pending.append((step, ids, values, rate, norm.detach()))
        if len(self._pending) >= self._every:
            self.flush()

    def flush(self) -> None:
        for step, ids, values, rate, norm in self._pending:
            self._history[step] = torch.tensor([*values.tolist(), rate, norm.item()], dtype=torch.float64)
            loss, gradient = self._history[step, 0].item(), self._history[step, -1].item()
            if not (math.isfinite(loss) and math.isfinite(gradient)):
                what = "loss" if not math.isfinite(loss) else "gradient"
                some = ", ".join(str(identity) for identity in ids[:8].tolist())
                raise EquipoiseError(
                    f"training stopped at step {step}: the {what} is not finite on the batch of {len(ids)} examples "
                    f"with ids {some}, …; lower the learning rate, or look at these rows with `equipoise explain`"
                )
        self._pending.clear()


def _metrics(history: Tensor, batch: int) -> pa.Table:
    steps = np.arange(1, len(history) + 1)
    columns = {"step": pa.array(steps, pa.int32()), "examples": pa.array(steps * batch, pa.int64())}
    for name, values in zip(COLUMNS, history.T.numpy(), strict=True):
        columns[name] = pa.array(values.copy(), pa.float64(), from_pandas=True)
    return pa.table(columns)

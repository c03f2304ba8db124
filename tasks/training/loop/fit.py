"""The training loop, on Lightning Fabric: one loop for whole models, fine-tuning and heads, on one process or many."""

import math
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import torch
from torch import Tensor, nn

from storage.errors import InputError
from tasks.threads import fixed_threads
from tasks.training.data.batch import Batch
from tasks.training.data.prefetch import prefetch
from tasks.training.distributed.ranks import all_ranks
from tasks.training.loop.checkpoint import load_checkpoint, require_one_start, restore, save_checkpoint
from tasks.training.loop.context import HERE, Context
from tasks.training.loop.measurements import Watch
from tasks.training.loop.objective import Measured, Objective
from tasks.training.loop.optimiser import build_optimiser
from tasks.training.loop.progress_line import Live
from tasks.training.loop.schedule import learning_rate

if TYPE_CHECKING:
    from lightning.fabric import Fabric
    from lightning.fabric.wrappers import _FabricModule

    from tasks.training.config import LoopConfig

LARGEST_LOGIT_SCALE = math.log(100)
"""The logit scale's logarithm is kept between 0 and this, as in open_clip: a scale from 1 to 100."""

_STEPS_BETWEEN_READS = 16


@dataclass(frozen=True)
class Fitted:
    """What a training did.

    Attributes:
        steps: how many it made, those before an interruption among them.
        examples_seen: steps times batch.
        resumed_at: the step that a checkpoint gave, 0 where there was none.
        metrics: a row a step, as `Watch.table` makes it.
    """

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
    config: "LoopConfig",
    context: Context = HERE,
    *,
    ahead: int = 0,
    after: Callable[[int], None] | None = None,
) -> Fitted:
    """Minimise the objective for `config.steps` steps; the objective's parameters are changed in place.

    Started by `torchrun`, every rank trains on its part of each batch, and the result is that of one process.

    Args:
        objective: a model and what is minimised.
        batches: from a step's number, the batches from that step on. The same number gives the same batch at every
            call.
        config: budget, optimiser, schedule and precision.
        context: where it runs, where checkpoints go, and who is told.
        ahead: how many batches are made early, in a thread beside the steps.
        after: called after every step with the number of steps done, in the first rank alone. After an interruption
            some numbers come again, with the same parameters.

    Raises:
        EquipoiseError: the loss is not finite; the sentence names ids of the batch it came from.
    """
    live = Live(config.steps, config.batch, context.description, context.report, context.scratch)
    with fixed_threads(config.threads):
        fabric = open_fabric(context.device, config.precision)
        return _fit(fabric, objective, batches, config, context.scratch, ahead, live, after)


def open_fabric(device: str, precision: str) -> "Fabric":
    """Fabric on one device, or on as many as `torchrun` started ranks."""
    Fabric = _import_fabric()
    kind, _, index = device.partition(":")
    ranks = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    nodes = int(os.environ.get("WORLD_SIZE", "1")) // ranks
    if ranks * nodes == 1:
        return Fabric(accelerator=kind, devices=[int(index)] if index else 1, precision=precision)  # type: ignore[arg-type]
    fabric = Fabric(accelerator=kind, devices=ranks, num_nodes=nodes, strategy="ddp", precision=precision)  # type: ignore[arg-type]
    fabric.launch()
    return fabric


def _import_fabric() -> "type[Fabric]":
    """Lightning Fabric, which takes seconds to import: only where something is trained.

    Its import sets a variable that makes every `torch.cuda.is_available()` open the driver's library anew, and torch's
    Adam asks that at each step: half a millisecond on a machine without a GPU. The variable is put back.
    """
    variable = "PYTORCH_NVML_BASED_CUDA_CHECK"
    before = os.environ.get(variable)
    from lightning.fabric import Fabric

    if before is None:
        os.environ.pop(variable, None)
    return Fabric


def _fit(
    fabric: "Fabric",
    objective: Objective,
    batches: Callable[[int], Iterator[Batch]],
    config: "LoopConfig",
    scratch: Path | None,
    ahead: int,
    live: Live,
    after: Callable[[int], None] | None,
) -> Fitted:
    try:
        config.check_parts(fabric.world_size)
    except ValueError as error:
        raise InputError(str(error)) from None
    plain = build_optimiser(fabric.to_device(objective), config.optimiser)
    if config.compile:
        objective.encode = torch.compile(objective.encode)  # type: ignore[method-assign]
    module, optimiser = fabric.setup(objective, plain)
    parameters = [parameter for group in plain.param_groups for parameter in group["params"]]
    watch = Watch(config.steps, objective.measures, every=_STEPS_BETWEEN_READS)
    start = _resume(scratch, objective, plain, watch)
    require_one_start(start, fabric.device)
    made = batches(start)
    stream = prefetch(map(Batch.pinned, made) if fabric.device.type == "cuda" else made, ahead)
    live.begin(start)
    for step in range(start, config.steps):
        batch = next(stream)
        images = batch.images.to(fabric.device, non_blocking=True)
        texts = batch.texts.to(fabric.device, non_blocking=True)
        rate = learning_rate(step, peak=config.optimiser.learning_rate, steps=config.steps, schedule=config.schedule)
        for group in plain.param_groups:
            group["lr"] = rate
        for parameter in parameters:
            parameter.grad = None
        if config.accumulate == 1:
            measured: Measured = module(images, texts, step)
            fabric.backward(measured.loss)
        else:
            measured = _in_parts(fabric, module, objective, images, texts, config.accumulate, step)
        norm = torch.nn.utils.get_total_norm([p.grad for p in parameters if p.grad is not None])
        if config.optimiser.clip_norm is not None:
            torch.nn.utils.clip_grads_with_norm_(parameters, config.optimiser.clip_norm, norm)
        watch.record(step, batch.ids, measured.values, rate, norm)
        optimiser.step()
        objective.after_step(step)
        _clamp_logit_scale(objective.model)
        if after is not None and fabric.is_global_zero:
            after(step + 1)
        if scratch is not None and (step + 1) % config.checkpoint_every == 0 and step + 1 < config.steps:
            watch.flush()
            if fabric.is_global_zero:
                save_checkpoint(scratch, step + 1, objective, plain, watch.history[: step + 1])
        live.advance(step + 1, watch)
    watch.flush()
    live.end(watch)
    return Fitted(config.steps, config.steps * config.batch, start, watch.table(config.batch))


def _in_parts(
    fabric: "Fabric",
    module: "_FabricModule",
    objective: Objective,
    images: Tensor,
    texts: Tensor,
    parts: int,
    step: int,
) -> Measured:
    """Encode a batch in parts, twice, with the loss of the whole in between: its exact gradient in a part's memory.

    The first pass keeps features only; the loss of all of them gives each feature's gradient; the second pass encodes
    every part again and takes that gradient back. (Batch normalisation sees the parts, not the batch.)
    """
    pieces = list(zip(images.chunk(parts), texts.chunk(parts), strict=True))
    with fabric.no_backward_sync(module, enabled=fabric.world_size > 1):
        with torch.no_grad(), fabric.autocast():
            encoded = [objective.encode(*piece) for piece in pieces]
        features = [torch.cat(branch).float().requires_grad_() for branch in zip(*encoded, strict=True)]
        measured = objective.measure(features[0], features[1], step)
        fabric.backward(measured.loss)
        gradients = [branch.grad.chunk(parts) for branch in features if branch.grad is not None]
        for piece, *pulls in zip(pieces, *gradients, strict=True):
            with fabric.autocast():
                outputs = objective.encode(*piece)
            trained = [
                (output, pull.to(output.dtype))
                for output, pull in zip(outputs, pulls, strict=True)
                if output.requires_grad  # not from a locked tower
            ]
            torch.autograd.backward([output for output, _ in trained], [pull for _, pull in trained])
    ranks = all_ranks()
    for parameter in objective.parameters():
        if parameter.grad is not None and ranks.group is not None:
            parameter.grad.copy_(ranks.total(parameter.grad) / ranks.size)
    return measured


def _resume(scratch: Path | None, objective: Objective, optimiser: torch.optim.Optimizer, watch: Watch) -> int:
    """Take up the checkpoint in `scratch`, if there is one; the step to go on from."""
    checkpoint = load_checkpoint(scratch) if scratch is not None else None
    if checkpoint is None or checkpoint.step > len(watch.history):
        return 0
    restore(checkpoint, objective, optimiser)
    watch.history[: checkpoint.step] = checkpoint.history
    return checkpoint.step


def _clamp_logit_scale(model: nn.Module) -> None:
    scale = getattr(model, "logit_scale", None)
    if isinstance(scale, nn.Parameter):
        with torch.no_grad():
            scale.clamp_(0, LARGEST_LOGIT_SCALE)

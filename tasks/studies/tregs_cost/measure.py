"""Timing whole steps, interleaved: ratios within a round are not moved by what else the machine does."""

import time
from collections.abc import Callable, Sequence

import numpy as np
import torch
from pydantic import Field

from storage.config import Config
from tasks.studies.tregs_cost.config import CostConfig, TimedStep
from tasks.threads import fixed_threads
from tasks.training.loop.optimiser import build_optimiser
from tasks.training.selfsupervised.config import SelfSupervisedConfig
from tasks.training.selfsupervised.networks import build_model
from tasks.training.selfsupervised.objective import SelfSupervisedObjective
from tasks.training.selfsupervised.views import view_draws


class StepTimes(Config):
    """One kind of step at one batch, round by round."""

    name: str = Field(description="of the kind")
    batch: int = Field(description="pictures")
    seconds: tuple[float, ...] = Field(description="of one step, in every round")
    ratios: tuple[float, ...] = Field(description="to the reference's step of the same round")


class CostNumbers(Config):
    """All of them."""

    device: str = Field(description="where they ran")
    side: int = Field(description="of the pictures")
    times: tuple[StepTimes, ...] = Field(description="by batch, then by kind")


def measure_cost(config: CostConfig, steps: Sequence[TimedStep], device: str = "cpu") -> CostNumbers:
    """Seconds of a step of every kind: views, network, loss, gradient, optimiser, teacher.

    Args:
        config: batches and rounds.
        steps: the kinds, among them the reference.
        device: where they run.
    """
    found: list[StepTimes] = []
    with fixed_threads(config.threads):
        for batch in config.batches:
            seconds = _rounds(config, steps, batch, torch.device(device))
            base = seconds[:, [step.name for step in steps].index(config.reference)]
            for place, step in enumerate(steps):
                column = seconds[:, place]
                found.append(StepTimes(name=step.name, batch=batch, seconds=tuple(column), ratios=tuple(column / base)))
    return CostNumbers(device=device, side=steps[0].settings.side, times=tuple(found))


def _rounds(config: CostConfig, steps: Sequence[TimedStep], batch: int, device: torch.device) -> np.ndarray:
    """`[rounds, kinds]` seconds. Kinds take turns at being first."""
    runs = [one_step(step.settings.model_copy(update={"batch": batch}), device) for step in steps]
    seconds = np.empty((config.rounds, len(steps)))
    clock = time.process_time if config.clock == "processor" else time.perf_counter
    for turn in range(-config.warmup, config.rounds):
        for place in np.roll(np.arange(len(steps)), turn):
            began = clock()
            runs[place](turn + config.warmup)
            if device.type == "cuda":
                torch.cuda.synchronize(device)
            if turn >= 0:
                seconds[turn, place] = clock() - began
    return seconds


def one_step(settings: SelfSupervisedConfig, device: torch.device) -> Callable[[int], None]:
    """A function that makes one whole step on the same random pictures, its number given."""
    model = build_model(settings, seed=0).to(memory_format=torch.channels_last)
    objective = SelfSupervisedObjective(model, settings).to(device).train()
    optimiser = build_optimiser(objective, settings.optimiser)
    generator = torch.Generator().manual_seed(0)
    shape = (settings.batch, 3, settings.side, settings.side)
    pictures = torch.randint(0, 256, shape, dtype=torch.uint8, generator=generator).to(device)
    places = np.arange(settings.batch)

    def step(number: int) -> None:
        draws = view_draws(places, seed=0, step=number).to(device)
        with torch.autocast(device.type, torch.bfloat16, enabled=settings.precision == "bf16-mixed"):
            encoded = objective.encode(pictures, draws)
        optimiser.zero_grad()
        objective.measure(*encoded, number).loss.backward()
        optimiser.step()
        objective.after_step(number)

    return step

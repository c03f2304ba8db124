"""Timing for the training benchmarks: CPU seconds of one process, or a GPU's own clock; always interleaved."""

import statistics
import time
from collections.abc import Callable, Mapping

import torch


def seconds(call: Callable[[], object], device: str) -> float:
    """How long a call takes: CPU seconds on a processor, else those between two events."""
    if device == "cpu":
        started = time.process_time()
        call()
        return time.process_time() - started
    first, last = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    torch.cuda.synchronize()
    first.record()
    call()
    last.record()
    torch.cuda.synchronize()
    return first.elapsed_time(last) / 1e3


def interleaved(ways: Mapping[str, Callable[[], object]], rounds: int, device: str) -> dict[str, list[float]]:
    """Seconds of every way in every round, one after the other within a round, after a round that is not counted."""
    times: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(rounds + 1):
        for name, way in ways.items():
            taken = seconds(way, device)
            if number:
                times[name].append(taken)
    return times


def ratio(others: list[float], ours: list[float]) -> float:
    """The median over rounds of how many times longer the other took."""
    return statistics.median(other / own for other, own in zip(others, ours, strict=True))


def machine(device: str) -> str:
    """What the numbers were measured on."""
    if device == "cpu":
        return f"CPU, {torch.get_num_threads()} thread, torch {torch.__version__}"
    return f"{torch.cuda.get_device_name(device)}, torch {torch.__version__}"

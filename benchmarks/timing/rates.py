"""Examples a second of several ways to train, start-up left out."""

import statistics
from collections.abc import Callable, Mapping

from benchmarks.timing.clock import ratio, seconds

Way = Callable[[int], object]
"""Trains for a number of steps."""


def compare(
    ways: Mapping[str, Way],
    *,
    steps: int,
    batch: int,
    rounds: int,
    device: str,
    repeats: Mapping[str, int] | None = None,
) -> dict[str, float]:
    """Print examples a second of every way and how many times faster the first one is; returns seconds an example.

    Every way runs twice in a round, short and by `steps` longer, and the difference counts. repeats: ways whose steps
    are too short to be timed beside the others', and how many times as many of them are taken.
    """
    short = max(1, steps // 4)
    times: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(rounds + 1):
        for name, train in ways.items():
            times_as_many = (repeats or {}).get(name, 1)
            runs = [count * times_as_many for count in (short, short + steps)]
            taken = [seconds(lambda n=n, train=train: train(n), device) for n in runs]
            if number:  # the first round warms up
                times[name].append((taken[1] - taken[0]) / (steps * times_as_many * batch))
    first = next(iter(ways))
    for name, values in times.items():
        rate = 1 / statistics.median(values)
        print(f"{name:<48} {rate:>12,.1f} examples/s   {first} is {ratio(values, times[first]):.2f}x", flush=True)
    return {name: statistics.median(values) for name, values in times.items()}

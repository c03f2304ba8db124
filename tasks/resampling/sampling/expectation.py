"""Expected copies as a function of a caption's mass, with the one factor solved for the size wanted."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from functools import partial

import numpy as np

from storage.errors import InputError
from tasks.arrays import Floats
from tasks.balancing.law.law import Law
from tasks.balancing.law.measure import measure_law
from tasks.balancing.matrix.match_stream import MatchBlock, MatchStream
from tasks.resampling.config import ResamplingConfig
from tasks.resampling.sampling.methods import MOST_COPIES

ROUNDS = 64


@dataclass(frozen=True)
class Expectation:
    """What makes expected copies of a mass.

    Attributes:
        scale: `c`, expected copies of a caption of weight 1.
        limit: the most that one caption may be expected; None for no limit.
        own: the law's own expectations are used as they are.
        mean: the mass that a weight of 1 stands for.
        wanted: rows wanted.
        expected: `Σ` of the expected copies, as measured.
    """

    scale: float
    limit: float | None
    own: bool
    mean: float
    wanted: int
    expected: float = 0.0

    def copies(self, mass: Floats) -> Floats:
        """`min(limit, c · mass / mean)` `[n]`, or the mass itself where it is the law's own expectation."""
        if self.own:
            return mass
        copies = mass * (self.scale / self.mean)
        return copies if self.limit is None else np.minimum(self.limit, copies)

    def as_json(self) -> dict[str, float | int | bool | None]:
        """Plain numbers."""
        return asdict(self)


def solve_expectation(config: ResamplingConfig, law: Law, stream: MatchStream) -> Expectation:
    """The factor `c` at which the wanted number of rows is expected, and what the law then expects.

    Without a size, the law's own expectations are taken where it has them and they respect the limit; raking's rows
    are as many as the matched captions (Poisson sampling, which makes no copies: `Σ min(1, w)`). A multinomial
    selection has a whole number of rows, so its expectations are the law's up to that rounding. Rows are read only
    where some caption's expectation is cut by the limit, or where the law's largest mass is not known.

    Raises:
        InputError: a size that cannot be reached, or no caption with any weight.
    """
    total, largest = law.total, law.largest
    if math.isinf(largest):
        measured = measure_law(law, stream)
        total, largest = measured.total, measured.largest
    if total <= 0:
        raise InputError("no caption has a positive weight, so there is nothing to draw; balance again before sampling")
    limit = None if config.method == "multinomial" else 1.0 if config.method == "poisson" else float(config.most_copies)
    assert limit is None or limit <= MOST_COPIES
    copies = law.gives_copies
    own = config.size is None and copies and limit is not None and largest <= limit
    wanted = config.size if config.size is not None else round(total) if copies else law.matched
    wanted = max(1, wanted)
    make = partial(Expectation, limit=limit, own=own, mean=law.mean, wanted=wanted)
    if own:
        return make(law.mean, expected=total)
    if config.size is None and config.method == "poisson":
        scale = law.mean if copies else 1.0
    else:
        scale = wanted / law.matched
    if limit is None or scale * largest < limit * law.mean:  # no caption reaches the limit: the sums are known
        return make(scale, expected=scale * total / law.mean)
    if config.size is not None or config.method != "poisson":
        scale = solve_scale(law, stream, float(wanted), limit)
    expected = 0.0
    for part in stream.map(partial(_sum, law=law, expectation=make(scale))):
        expected += part
    return make(scale, expected=expected)


def _sum(block: MatchBlock, *, law: Law, expectation: Expectation) -> float:
    return float(expectation.copies(law.mass(block.indptr, block.indices)).sum())


def solve_scale(law: Law, stream: MatchStream, size: float, most: float) -> float:
    """The `c` with `Σ min(most, c·w_i) = size`, exactly, by passes over the rows.

    The captions at the limit are those with `c·w ≥ most`; given them, `c` follows from the others. Beginning with none
    at the limit, each pass can only add to them, so the passes end, after a handful.

    Raises:
        InputError: a size that cannot be reached.
    """
    scale, before = size / law.matched, -1
    for _ in range(ROUNDS):
        over, positive, rest, least = 0, 0, 0.0, math.inf
        for part in stream.map(partial(_split, law=law, scale=scale, most=most)):
            over, positive, rest = over + part[0], positive + part[1], rest + part[2]
            least = min(least, part[3])
        if size > most * positive * (1 + 1e-12):
            raise InputError(
                f"size is {size:g}, but {positive} captions have positive weight and may occur at most {most:g} times "
                f"each; ask for a size between 1 and {most * positive:g}"
            )
        if over == positive:
            return most / least
        if over == before:
            return scale
        scale, before = (size - most * over) / rest, over
    return scale


def _split(block: MatchBlock, *, law: Law, scale: float, most: float) -> tuple[int, int, float, float]:
    """Captions at the limit, captions with weight, the weight of those below the limit, and the least weight."""
    weight = law.weights(block.indptr, block.indices)
    over = scale * weight >= most
    held = weight > 0
    least = float(weight[held].min(initial=math.inf)) if held.any() else math.inf
    return int(over.sum()), int(held.sum()), float(weight[~over].sum()), least

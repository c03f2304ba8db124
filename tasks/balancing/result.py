"""What every balancing method returns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from tasks.arrays import Floats

Side = Literal["start", "x", "y"]
Unit = Literal["rows", "pairs"]
BlockingKind = Literal[
    "totals",
    "zero target",
    "empty keyword",
    "empty caption",
    "forced",
    "unreachable",
    "component",
    "cut",
    "floor",
    "cap",
]


@dataclass(frozen=True)
class Step:
    """The distance of both marginals from their targets after one half step (or one outer iteration).

    None means not measured: the side that a half step has just set is exact, and the other side's full logarithmic
    pass is made only at recorded steps.

    Attributes:
        step: its number; 0 is the start.
        side: the margin it set, "x" captions or "y" keywords.
        row_l1: `Σ|target − marginal|` over captions.
        row_kl: `Σ t log(t/m) − t + m` over captions, in nats.
        column_l1: as `row_l1`, over keywords.
        column_kl: as `row_kl`, over keywords.
    """

    step: int
    side: Side
    row_l1: float | None
    row_kl: float | None
    column_l1: float | None
    column_kl: float | None


@dataclass(frozen=True)
class Blocking:
    """A set of keywords whose targets cannot be met, with the masses that prove it.

    Attributes:
        kind: what stands in the way.
        columns: numbers of the keywords, none where it is no keyword's fault.
        held: the mass (or count) that the captions force on the set, or can bring to it.
        allowed: what the target asks.
    """

    kind: BlockingKind
    columns: tuple[int, ...]
    held: float
    allowed: float

    def sentence(self, names: Sequence[str] | None = None, most: int = 5, *, shares: bool = False) -> str:
        """The obstacle in words, naming at most `most` keywords; masses that are shares of all are said in per cent."""
        words = [names[j] if names is not None else f"#{j}" for j in self.columns[:most]]
        named = ", ".join(f"“{word}”" for word in words)
        if len(self.columns) > most:
            named += f" and {len(self.columns) - most} more"
        held, allowed = (f"{100 * mass:.3g} %" if shares else f"{mass:.6g}" for mass in (self.held, self.allowed))
        sentences: dict[BlockingKind, str] = {
            "totals": f"the row target sums to {held} and the keyword target to {allowed}; they must be equal",
            "zero target": f"the target of {named} is 0, but captions hold it: its scaling would be exactly 0",
            "empty keyword": f"no caption holds {named}, but the target gives it {allowed}",
            "empty caption": f"captions without any keyword were given {allowed} of the row target",
            "forced": f"captions that hold nothing but {named} carry {held}, more than its target {allowed}",
            "unreachable": f"all captions that hold {named} carry {held}, less than its target {allowed}",
            "component": f"the captions connected to {named} carry {held}, but its targets sum to {allowed}",
            "cut": f"captions that hold only keywords among {named} carry {held}, more than the targets' sum {allowed}",
            "floor": f"{named} reaches only {held}, below the floor {allowed}: other bands or bounds stop it",
            "cap": f"{named} stays at {held}, above the cap {allowed}: rarer keywords of the same captions need it",
        }
        return sentences[self.kind]


@dataclass(frozen=True)
class Balance:
    """Weights of captions, and how far they can be trusted.

    Attributes:
        weight: `[n]`, mean 1 over the captions that match something; 0 for those that match nothing.
        inclusion: `[n]` probabilities of being kept (threshold, calibrate), or None where the size decides (rake).
        column_marginal: `[m]` keyword marginal of the balanced measure, summing to 1 (rake: of the matches' masses;
            threshold, calibrate: of the selection's expected counts).
        log_scale: `[m]` log of each keyword's scaling factor; −inf where the keyword was shut out.
        converged: both margins were measured and lie within the tolerance of their targets.
        residual: how far the end is from what was aimed at, measured (rake: the larger L1 distance of both margins).
        row_residual: of the captions' margin.
        column_residual: of the keywords' margin.
        iterations: half steps made (rake), solver iterations (calibrate), 0 (threshold).
        reason: why it stopped, one sentence.
        effective_sample_size: Kish, `(Σw)² / Σw²`.
        design_effect: `n Σw² / (Σw)²` over matched captions; 1 for equal weights.
        history: one `Step` per recorded step.
        infeasible: obstacles to the targets that were found; empty does not prove that there are none.
        unit: what marginals are compared in: captions split over their keywords ("rows"), or keyword counts ("pairs").
        threshold: MetaCLIP's t, where that was the method.
        gap: duality gap in nats, which certifies a calibration.
        reference: raking: `[m]` the potentials at the last half step "x", from which the row scalings follow (None: the
            start's); with `log_scale` they give every caption's mass.
        average: raking: the mean mass of a matched caption, which weight 1 stands for.
        potential_steps: half steps whose potentials were kept, by `history`'s numbers.
        potentials: `[kept steps, m]` log scalings after each of them, for explaining a caption's weight step by step.

    Example:
        >>> import numpy as np
        >>> from equipoise import Balance, threshold
        >>> balance = threshold(np.array([0, 1, 2, 3, 4]), np.array([0, 0, 0, 1]), columns=2, t=1)
        >>> isinstance(balance, Balance), round(balance.effective_sample_size, 2), round(balance.design_effect, 2)
        (True, 3.0, 1.33)
    """

    weight: Floats
    inclusion: Floats | None
    column_marginal: Floats
    log_scale: Floats
    converged: bool
    residual: float
    row_residual: float
    column_residual: float
    iterations: int
    reason: str
    effective_sample_size: float
    design_effect: float
    history: tuple[Step, ...]
    infeasible: tuple[Blocking, ...]
    unit: Unit
    threshold: float | None = None
    gap: float | None = None
    reference: Floats | None = None
    average: float = 1.0
    potential_steps: tuple[int, ...] = ()
    potentials: Floats | None = None

    def explanation(self, names: Sequence[str]) -> str:
        """`reason`, with keywords by their names where it speaks of an obstacle."""
        if not self.infeasible:
            return self.reason
        first = self.infeasible[0]
        return self.reason.replace(first.sentence(), first.sentence(names))

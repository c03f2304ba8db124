"""When raking stops: at the tolerance, or because it stands still."""

from __future__ import annotations

from dataclasses import dataclass, field

from tasks.balancing.result import Step

WINDOW = 50
LEAST_PROGRESS = 1e-3
ALWAYS_RECORDED = 16


def recorded(step: int) -> bool:
    """Whether a half step's row margin is measured too: the first 16, then ever more rarely (about 3 a doubling).

    Measuring it costs a logarithm a caption, so doing it at every step would double the cost of long runs.
    """
    if step <= ALWAYS_RECORDED:
        return True
    scale = 1 << (step.bit_length() - 1)
    return step - scale in (0, 1, scale // 4, scale // 4 + 1, scale // 2, scale // 2 + 1)


@dataclass
class Monitor:
    """Watches the larger measured residual of the steps that leave the keyword margin to be measured.

    After a half step "x" the caption margin is exact, so the keyword margin's L1 distance is the residual of both.
    Raking never increases it; when it falls by less than 0.1 % over 50 full iterations the targets are infeasible
    or on the boundary of what is feasible, and going on is of no use.
    """

    tolerance: float | None
    residuals: list[float] = field(default_factory=list)

    def stop(self, step: Step) -> str | None:
        """The reason to stop now, or None to go on. Without a tolerance all steps are made."""
        if self.tolerance is None:
            return None
        if step.side == "x" and step.column_l1 is not None:
            residual = max(step.column_l1, step.row_l1 or 0.0)
            self.residuals.append(residual)
            if residual <= self.tolerance:
                return f"both margins lie within {self.tolerance:g} of their targets"
            if len(self.residuals) > WINDOW and residual > (1 - LEAST_PROGRESS) * self.residuals[-WINDOW - 1]:
                return (
                    f"stagnation: the residual stopped falling at {residual:.3g} after {len(self.residuals)} full "
                    "iterations, so the targets are infeasible or on the edge of it"
                )
        return None

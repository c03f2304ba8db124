"""Keeps the numbers of every step, and stops a training whose loss or gradient is no longer finite."""

import math
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import torch
from torch import Tensor

from storage.errors import EquipoiseError
from tasks.arrays import Ids


class Watch:
    """The numbers of each step: an objective's measures, the loss first, then learning rate and gradient norm.

    `history` is float64 `[steps, columns]`; the device is asked every `every` steps only.
    """

    def __init__(self, steps: int, measures: Sequence[str], every: int) -> None:
        self.columns = (*measures, "learning_rate", "gradient_norm")
        self.history = torch.full((steps, len(self.columns)), torch.nan, dtype=torch.float64)
        self._every = every
        self._pending: list[tuple[int, Ids, Tensor, float, Tensor]] = []

    def record(self, step: int, ids: Ids, values: Tensor, rate: float, norm: Tensor) -> None:
        """Note one step.

        Args:
            step: its number.
            ids: of its examples, uint64 `[b]`.
            values: the measures, on the device.
            rate: the learning rate.
            norm: of the whole gradient, on the device.

        Raises:
            EquipoiseError: a loss or gradient read by now is not finite; the sentence names ids.
        """
        self._pending.append((step, ids, values, rate, norm.detach()))
        if len(self._pending) >= self._every:
            self.flush()

    def flush(self) -> None:
        """Read what is still on the device."""
        if not self._pending:
            return
        pending, self._pending = self._pending, []
        read = torch.stack([torch.cat([values, norm.reshape(1).to(values)]) for _, _, values, _, norm in pending])
        for (step, ids, _, rate, _), row in zip(pending, read.cpu().double(), strict=True):
            self.history[step, :-2], self.history[step, -2], self.history[step, -1] = row[:-1], rate, row[-1]
            for what, place in (("loss", 0), ("gradient", -1)):
                if not math.isfinite(row[place].item()):
                    raise EquipoiseError(_complaint(what, step, ids))

    def numbers(self, step: int) -> dict[str, float]:
        """Every column after `step` steps, NaN where it was not measured; nothing before the first."""
        return dict(zip(self.columns, self.history[step - 1].tolist(), strict=True)) if step else {}

    def summary(self, step: int) -> str:
        """Loss and logit scale after `step` steps, in words: `loss 2.31, logit scale 14.3`."""
        values = self.numbers(step)
        shown = (("loss", "loss"), ("logit scale", "logit_scale"))
        return ", ".join(f"{words} {values[column]:.4g}" for words, column in shown if column in values)

    def table(self, batch: int) -> pa.Table:
        """A row for each step: `step` and `examples` seen after it, and the columns, null where not measured."""
        steps = np.arange(1, len(self.history) + 1)
        columns = {"step": pa.array(steps, pa.int32()), "examples": pa.array(steps * batch, pa.int64())}
        for name, values in zip(self.columns, self.history.T.numpy(), strict=True):
            columns[name] = pa.array(values.copy(), pa.float64(), from_pandas=True)
        return pa.table(columns)


def _complaint(what: str, step: int, ids: Ids) -> str:
    some = ", ".join(str(identity) for identity in ids[:8].tolist())
    return (
        f"training stopped at step {step}: the {what} is not finite on a batch of {len(ids)} examples with ids "
        f"{some}{', …' if len(ids) > 8 else ''}; lower the learning rate, or see these rows with `equipoise explain`"
    )

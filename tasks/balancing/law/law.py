"""A balance as a law on keywords: a caption's weight is a function of its keywords and of a few vectors `[m]`.

Nothing in it grows with the captions, so that whoever holds the law and a caption's keywords has its weight.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, assert_never

import numpy as np
import pyarrow as pa

from storage.tables.shards import read_table, write_table
from tasks.arrays import Floats, Integers
from tasks.balancing.raking.blocks import Block
from tasks.balancing.raking.kernels import kept_probability
from tasks.balancing.raking.row_passes import block_row_mass
from tasks.balancing.result import Unit
from tasks.compiled import compiled

VECTORS, NUMBERS = "law.parquet", "law.json"

Form = Literal["split", "tilted", "kept"]
"""How a caption's mass is made of its keywords; several methods may share one form."""


@dataclass(frozen=True)
class Law:
    """What makes a caption's weight of its keywords.

    Attributes:
        form: how `mass` is made, see there.
        unit: what the starting measure of raking gives equal mass to.
        matched: captions with a keyword.
        total: `Σ mass` over them; a weight of 1 is the mean, `total / matched`.
        vector: `[m]`; log scalings (split), λ (tilted), `log(1 − p)` (kept).
        reference: `[m]`, split: the log scalings that the captions' own scalings follow from; None for the start's.
        start: split: the starting mass of one caption or match; tilted: log w⁰.
        bounds: tilted: least and largest weight.
        largest: the largest mass of a caption; infinity where nobody looked.
    """

    form: Form
    unit: Unit
    matched: int
    total: float
    vector: Floats
    reference: Floats | None = None
    start: float = 0.0
    bounds: tuple[float, float] = (0.0, 1.0)
    largest: float = math.inf

    def mass(self, indptr: Integers, indices: Integers) -> Floats:
        """The mass `[n]` of each row, 0 without keywords.

        - split (rake): `u_i Σ_j e^{b_j}`, where `u_i = P_X(i) / Σ_j e^{r_j}` with the reference r, or the start's;
        - tilted (calibrate): `clip(w⁰ e^{Σ_j λ_j}, least, largest)`, the expected copies;
        - kept (threshold): `1 − Π_j (1 − p_j)`, the probability of being kept.
        """
        out = np.empty(len(indptr) - 1)
        match self.form:
            case "split":
                block = Block(indptr, indices, np.array([1.0 / self.matched]))
                out, _ = block_row_mass(
                    block, reference=self.reference, current=self.vector, unit=self.unit, mass=self.start
                )
            case "kept":
                kept_probability(indptr, indices, self.vector, out)
            case "tilted":
                tilted_weights(indptr, indices, self.vector, self.start, self.bounds[0], self.bounds[1], out)
            case _:
                assert_never(self.form)
        return out

    @property
    def gives_copies(self) -> bool:
        """Whether the mass is an expected number of copies; masses that are split over keywords are proportions."""
        return self.form != "split"

    @property
    def mean(self) -> float:
        """The mass that a weight of 1 stands for."""
        return self.total / self.matched

    def weights(self, indptr: Integers, indices: Integers) -> Floats:
        """The weight `[n]` of each row, mean 1 over all matched captions."""
        return self.mass(indptr, indices) / self.mean

    def write(self, folder: Path) -> None:
        """Write `law.parquet` (the vectors) and `law.json` (the numbers)."""
        columns = {"vector": self.vector} | ({} if self.reference is None else {"reference": self.reference})
        write_table(folder / VECTORS, pa.table({name: pa.array(values) for name, values in columns.items()}))
        numbers = {
            "form": self.form,
            "unit": self.unit,
            "matched": self.matched,
            "total": self.total,
            "start": self.start,
            "bounds": [None if math.isinf(bound) else bound for bound in self.bounds],
            "largest": None if math.isinf(self.largest) else self.largest,
        }
        (folder / NUMBERS).write_text(json.dumps(numbers, allow_nan=False), encoding="utf-8")

    @classmethod
    def read(cls, vectors: Path, numbers: Path) -> Law:
        """What `write` wrote."""
        table = read_table(vectors)
        known = json.loads(numbers.read_text(encoding="utf-8"))
        (low, high), largest = known.pop("bounds"), known.pop("largest")
        reference = table["reference"].to_numpy() if "reference" in table.column_names else None
        return cls(
            **known,
            vector=table["vector"].to_numpy(),
            reference=reference,
            bounds=(low, math.inf if high is None else high),
            largest=math.inf if largest is None else largest,
        )


@compiled
def tilted_weights(
    indptr: Integers, indices: Integers, tilt: Floats, log_start: float, low: float, high: float, out: Floats
) -> None:
    """Row-wise `out[i] = clip(exp(log_start + Σ_j tilt_j), low, high)`; 0 for an empty row."""
    log_low = math.log(low) if low > 0.0 else -math.inf
    log_high = math.log(high)
    for i in range(indptr.shape[0] - 1):
        if indptr[i] == indptr[i + 1]:
            out[i] = 0.0
            continue
        total = log_start
        for k in range(indptr[i], indptr[i + 1]):
            total += tilt[indices[k]]
        out[i] = math.exp(min(max(total, log_low), log_high))

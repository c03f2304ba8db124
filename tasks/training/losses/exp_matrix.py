"""The matrix `exp(logits)` behind balancing, walked over in blocks of rows: in the scaling and in the log domain.

Each kernel answers the three questions that balancing and its gradient ask, without a second matrix:
`start` and `half_step` (log-sum-exp along either axis), `adjoint` (weighted sums of the balanced matrix along either
axis) and `gradient` (a sum of rescaled copies of the matrix). In both, `L` is a block `[m, n]` of rows, all or one
rank's; what is summed over rows is summed over ranks, too.
"""

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol

import torch
from torch import Tensor

from tasks.training.distributed.ranks import Ranks

BLOCK_ELEMENTS = 1 << 18
"""Elements of a block on a processor: 1 MB of float32, which stays in the second-level cache."""

_ACCELERATOR_BLOCK_ELEMENTS = 1 << 26
_EXPONENT_LIMIT = {torch.float32: 64.0, torch.float64: 600.0}
_EXPONENT_FLOOR = {torch.float32: -87.0, torch.float64: -700.0}


class Balanced(NamedTuple):
    """One matrix on the way, `P_ij = exp(L_ij - f_i - g_j)`: row potentials `f [m]`, column potentials `g [n]`."""

    f: Tensor
    g: Tensor


class Term(NamedTuple):
    """A summand `P_ij a_i b_j` of the gradient; `rows` is a `[m]` and `columns` b `[n]`, None where it is 1."""

    matrix: Balanced
    rows: Tensor | None
    columns: Tensor | None


class ScalingKernel:
    """Holds `E_ij = exp(L_ij - α_i)`, `α` the row maxima: every question is then a product of E with a vector.

    One exponential an element whatever the number of half-steps, but E may lose what is far below its row's maximum;
    `exact` says whether that mattered to the matrices it was asked about.
    """

    def __init__(self, logits: Tensor, ranks: Ranks) -> None:
        self._ranks = ranks
        self._limit = _EXPONENT_LIMIT[logits.dtype]
        self._kernel = torch.empty_like(logits, memory_format=torch.contiguous_format)
        self._alpha = logits.new_empty(len(logits))
        self._worst = -math.inf
        highest, below = -math.inf, logits.new_zeros(logits.shape[1])
        above = logits.new_empty(len(logits))
        for rows in blocks(logits):
            alpha = torch.amax(logits[rows], dim=1)
            part = torch.sub(logits[rows], alpha[:, None], out=self._kernel[rows])
            part.clamp_(min=_EXPONENT_FLOOR[logits.dtype]).exp_()
            torch.sum(part, dim=1, out=above[rows])
            top = float(alpha.max())
            if top > highest:
                below *= math.exp(highest - top)
                highest = top
            below.addmv_(part.T, (alpha - highest).exp_())
            self._alpha[rows] = alpha
        shift = ranks.maximum(logits.new_tensor(highest))
        below = ranks.total(below * (highest - shift).exp())
        self._rows_first = Balanced(self._alpha + above.log(), torch.zeros_like(below))
        self._columns_first = Balanced(shift.expand(len(above)), below.log())
        self._note(self._rows_first)
        self._note(self._columns_first)

    def start(self) -> tuple[Balanced, Balanced]:
        """The first half-step over rows, and the first over columns (`f` is a constant, which keeps `exp` in range)."""
        return self._rows_first, self._columns_first

    def half_step(self, g: Tensor, f: Tensor) -> tuple[Tensor, Tensor]:
        """`lse_j(L_ij - g_j)` `[m]` and `lse_i(L_ij - f_i)` `[n]`."""
        rows, columns = self._products((-g).exp(), (self._alpha - f).exp())
        after = (self._alpha + rows.log(), columns.log())
        self._note(Balanced(after[0], g))
        self._note(Balanced(f, after[1]))
        return after

    def adjoint(self, by_columns: Balanced, b: Tensor, by_rows: Balanced, a: Tensor) -> tuple[Tensor, Tensor]:
        """`Σ_j P_ij b_j` `[m]` of the one matrix and `Σ_i a_i Q_ij` `[n]` of the other."""
        u, v = self._scales(by_columns)
        w, x = self._scales(by_rows)
        rows, columns = self._products(v * b, w * a)
        return u * rows, x * columns

    def gradient(self, terms: Sequence[Term]) -> Tensor:
        """`Σ_terms P_ij a_i b_j`, `[m, n]`. It is made in E's own memory: ask nothing afterwards."""
        left, right = [], []
        for matrix, a, b in terms:
            u, v = self._scales(matrix)
            left.append(u if a is None else u * a)
            right.append(v if b is None else v * b)
        lefts, rights = torch.stack(left, dim=1), torch.stack(right)
        scratch = self._kernel.new_empty(0)
        for rows in blocks(self._kernel):
            scratch = torch.mm(lefts[rows], rights, out=scratch.resize_(0))
            self._kernel[rows].mul_(scratch)
        return self._kernel

    @property
    def exact(self) -> bool:
        """Whether rounding to zero in E stayed below float precision in every matrix asked about, on every rank."""
        worst = self._ranks.maximum(self._alpha.new_tensor(self._worst))
        return bool(worst <= self._limit)

    def _products(self, v: Tensor, u: Tensor) -> tuple[Tensor, Tensor]:
        above, below = self._alpha.new_empty(len(self._alpha)), torch.zeros_like(v)
        for rows in blocks(self._kernel):
            part = self._kernel[rows]
            torch.mv(part, v, out=above[rows])
            below.addmv_(part.T, u[rows])
        return above, self._ranks.total(below)

    def _scales(self, matrix: Balanced) -> tuple[Tensor, Tensor]:
        return (self._alpha - matrix.f).exp(), (-matrix.g).exp()

    def _note(self, matrix: Balanced) -> None:
        """Remember the largest factor that an element of E is multiplied by; NaN counts as too large."""
        factor = float((self._alpha - matrix.f).max() - matrix.g.min())
        self._worst = max(self._worst, factor if math.isfinite(factor) else math.inf)


class Logits(Protocol):
    """Logits `[m, n]` that a `LogKernel` asks for block by block; none of them need ever be there as a whole."""

    @property
    def shape(self) -> tuple[int, int]:
        """`(m, n)`."""

    @property
    def vector(self) -> Tensor:
        """An empty tensor of the logits' type and device, of which others are made."""

    def blocks(self) -> Iterator[slice]:
        """Slices of rows, in order, that are asked for one at a time."""

    def block(self, rows: slice) -> Tensor:
        """`L[rows]`, not to be written to."""


class HeldLogits:
    """Logits that are there as a matrix."""

    def __init__(self, matrix: Tensor) -> None:
        self._matrix = matrix
        self.shape = (matrix.shape[0], matrix.shape[1])
        self.vector = matrix.new_empty(0)

    def blocks(self) -> Iterator[slice]:
        """Of about `BLOCK_ELEMENTS` elements."""
        return blocks(self._matrix)

    def block(self, rows: slice) -> Tensor:
        """A view."""
        return self._matrix[rows]


class LogKernel:
    """Asks the logits themselves, with a maximum taken out of every sum: always exact, an exponential a question."""

    def __init__(self, logits: Logits, ranks: Ranks) -> None:
        self._logits, self._ranks = logits, ranks

    def start(self) -> tuple[Balanced, Balanced]:
        """The first half-step over rows, and the first over columns."""
        m, n = self._logits.shape
        none = Balanced(self._logits.vector.new_zeros(m), self._logits.vector.new_zeros(n))
        f, g = self.half_step(none.g, none.f)
        return Balanced(f, none.g), Balanced(none.f, g)

    def half_step(self, g: Tensor, f: Tensor) -> tuple[Tensor, Tensor]:
        """`lse_j(L_ij - g_j)` `[m]` and `lse_i(L_ij - f_i)` `[n]`."""
        above = torch.empty_like(f)
        top = torch.full_like(g, -torch.inf)
        below = torch.zeros_like(top)
        for rows in self._logits.blocks():
            part = self._logits.block(rows)
            above[rows] = torch.logsumexp(part - g, dim=1)
            part = part - f[rows, None]
            higher = torch.maximum(top, part.amax(dim=0))
            below = below * (top - higher).exp() + part.sub_(higher).exp_().sum(dim=0)
            top = higher
        highest = self._ranks.maximum(top)
        return above, self._ranks.total(below * (top - highest).exp()).log() + highest

    def adjoint(self, by_columns: Balanced, b: Tensor, by_rows: Balanced, a: Tensor) -> tuple[Tensor, Tensor]:
        """`Σ_j P_ij b_j` `[m]` of the one matrix and `Σ_i a_i Q_ij` `[n]` of the other."""
        above, below = torch.empty_like(a), torch.zeros_like(b)
        for rows in self._logits.blocks():
            part = self._logits.block(rows)
            above[rows] = _balanced(part, by_columns, rows) @ b
            below += _balanced(part, by_rows, rows).T @ a[rows]
        return above, self._ranks.total(below)

    def gradient(self, terms: Sequence[Term]) -> Tensor:
        """`Σ_terms P_ij a_i b_j`, `[m, n]`."""
        whole = self._logits.vector.new_empty(self._logits.shape)
        for rows, block in self.gradient_blocks(terms):
            whole[rows] = block
        return whole

    def gradient_blocks(self, terms: Sequence[Term]) -> Iterator[tuple[slice, Tensor]]:
        """The same block by block, with the rows that each holds; a block is the caller's to change."""
        for rows in self._logits.blocks():
            part = self._logits.block(rows)
            total = torch.zeros_like(part, memory_format=torch.contiguous_format)
            for matrix, a, b in terms:
                term = _balanced(part, matrix, rows)
                term = term if a is None else term.mul_(a[rows, None])
                total += term if b is None else term.mul_(b)
            yield rows, total


def _balanced(part: Tensor, matrix: Balanced, rows: slice) -> Tensor:
    """`P[rows]` of the logits' own block."""
    return (part - matrix.f[rows, None]).sub_(matrix.g).exp_()


def blocks(matrix: Tensor) -> Iterator[slice]:
    """Slices of rows that make blocks of about `BLOCK_ELEMENTS` elements."""
    elements = BLOCK_ELEMENTS if matrix.device.type == "cpu" else _ACCELERATOR_BLOCK_ELEMENTS
    height = max(1, elements // max(matrix.shape[1], 1))
    for first in range(0, len(matrix), height):
        yield slice(first, min(first + height, len(matrix)))

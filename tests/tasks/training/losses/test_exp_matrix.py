"""Both kernels against the same questions asked of the whole matrix, block by block."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from tasks.training.distributed.ranks import Ranks
from tasks.training.losses import exp_matrix
from tasks.training.losses.exp_matrix import Balanced, HeldLogits, LogKernel, ScalingKernel, Term, blocks


def log_kernel(matrix: Tensor, ranks: Ranks) -> LogKernel:
    return LogKernel(HeldLogits(matrix), ranks)


KERNELS = pytest.mark.parametrize("kind", (ScalingKernel, log_kernel))


def logits() -> Tensor:
    return 3 * torch.randn(17, 17, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def vectors(count: int) -> list[Tensor]:
    generator = torch.Generator().manual_seed(1)
    return [torch.randn(17, generator=generator, dtype=torch.float64) for _ in range(count)]


@pytest.fixture(params=(1 << 18, 50, 1))
def block(request, monkeypatch) -> int:
    """Elements of a block: all of it, some rows, one row."""
    monkeypatch.setattr(exp_matrix, "BLOCK_ELEMENTS", request.param)
    return request.param


def test_blocks_are_all_rows_once(block: int) -> None:
    rows = [row for part in blocks(logits()) for row in range(17)[part]]
    assert rows == list(range(17))
    assert all(len(range(17)[part]) <= max(1, block // 17) for part in blocks(logits()))


@KERNELS
def test_the_first_half_steps(kind: Callable, block: int) -> None:
    over_rows, over_columns = kind(logits(), Ranks()).start()
    torch.testing.assert_close(over_rows.f[:, None] + over_rows.g, torch.logsumexp(logits(), 1, True).expand(-1, 17))
    torch.testing.assert_close(
        over_columns.f[:, None] + over_columns.g, torch.logsumexp(logits(), 0, True).expand(17, -1)
    )


@KERNELS
def test_a_half_step(kind: Callable, block: int) -> None:
    g, f = vectors(2)
    rows, columns = kind(logits(), Ranks()).half_step(g, f)
    torch.testing.assert_close(rows, torch.logsumexp(logits() - g, dim=1))
    torch.testing.assert_close(columns, torch.logsumexp(logits() - f[:, None], dim=0))


@KERNELS
def test_adjoint_and_gradient(kind: Callable, block: int) -> None:
    f, g, a, b, other = vectors(5)
    first, second = Balanced(f, g), Balanced(other, f)
    p, q = ((logits() - each.f[:, None] - each.g).exp() for each in (first, second))
    kernel = kind(logits(), Ranks())
    rows, columns = kernel.adjoint(first, b, second, a)
    torch.testing.assert_close(rows, p @ b)
    torch.testing.assert_close(columns, q.T @ a)
    terms = [Term(first, a, None), Term(second, None, b), Term(first, a, b), Term(second, None, None)]
    whole = p * a[:, None] + q * b + p * a[:, None] * b + q
    torch.testing.assert_close(kernel.gradient(terms), whole)


def test_exactness_ends_where_rounding_to_zero_would_matter() -> None:
    assert ScalingKernel(logits().float(), Ranks()).exact
    far = torch.tensor([[0.0, -300.0], [0.0, -300.0]])  # the second column is lost beside the rows' maxima
    assert not ScalingKernel(far, Ranks()).exact
    assert torch.isfinite(log_kernel(far, Ranks()).start()[1].g).all()

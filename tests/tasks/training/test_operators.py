"""What torch's compiler takes as it is: losses whose loops are numba's are one graph, and give the same gradients."""

import pytest
import torch
from torch.nn.functional import normalize

from tasks.training.losses.modules import BalancedClipLoss, TregLoss
from tasks.training.operators import processor_operator


def objective(image: torch.Tensor, text: torch.Tensor) -> torch.Tensor:
    spread = TregLoss(gamma=1e-2, lambda_=1e-2)
    both = normalize(image, dim=1), normalize(text, dim=1)
    return BalancedClipLoss(half_steps=2)(*both, torch.tensor(20.0)) + spread(image) + spread(text)


@pytest.mark.parametrize("batch", (12, 260))  # by the definition, and by potentials
def test_an_objective_is_one_graph(batch: int) -> None:
    generator = torch.Generator().manual_seed(0)
    image, text = (torch.randn(batch, 8, generator=generator, requires_grad=True) for _ in range(2))
    wanted = objective(image, text)
    compiled = torch.compile(objective, fullgraph=True, backend="aot_eager", dynamic=False)(image, text)
    torch.testing.assert_close(compiled, wanted)
    torch.testing.assert_close(torch.autograd.grad(compiled, (image, text)), torch.autograd.grad(wanted, (image, text)))


def test_a_function_is_an_operator() -> None:
    @processor_operator("test_half(Tensor values) -> Tensor", torch.empty_like)
    def half(values: torch.Tensor) -> torch.Tensor:
        return torch.from_numpy(values.numpy() / 2)

    assert half(torch.tensor([2.0, 3.0])).tolist() == [1.0, 1.5]
    assert half(torch.empty(3, device="meta")).shape == (3,)

"""Fresh weights from a generator of their own, of models whose code draws from torch's global one.

The global generator is one for all threads: whatever another stage run draws meanwhile, which a layer does that is made
only to be filled from a file, changes what is drawn here. A lock of ours does not help, since others do not take it.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

_DRAWS: frozenset[Callable[..., Any]] = frozenset(
    {
        Tensor.uniform_, Tensor.normal_, Tensor.random_, Tensor.bernoulli_, Tensor.exponential_, Tensor.log_normal_,
        torch.rand, torch.randn, torch.randint, torch.randperm, torch.normal, torch.bernoulli, torch.multinomial,
        nn.init.uniform_, nn.init.normal_, nn.init.trunc_normal_, nn.init.kaiming_uniform_, nn.init.kaiming_normal_,
        nn.init.xavier_uniform_, nn.init.xavier_normal_, nn.init.orthogonal_, nn.init.sparse_,
    }
)  # fmt: skip


class OwnDraws(TorchFunctionMode):
    """Within it, what this thread draws is what torch draws after `manual_seed(seed)`, whatever other threads do.

    A draw that names a generator keeps it. The global generator is neither read nor moved.
    """

    def __init__(self, seed: int) -> None:
        super().__init__()
        self._generator = torch.Generator().manual_seed(seed)

    def __torch_function__(
        self,
        function: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401 - whatever the function gives
        """Call a function of torch's, a draw with the generator."""
        named = dict(kwargs or {})
        if function in _DRAWS and named.get("generator") is None:
            named["generator"] = self._generator
        return function(*args, **named)

"""What the training code asks of a model, for type checkers: open_clip's models and our heads have it."""

from typing import Protocol

from torch import Tensor


class Encoders(Protocol):
    """Two encoders into one space; `logit_scale` is the logarithm of the similarities' scale."""

    logit_scale: Tensor

    def encode_image(self, image: Tensor, normalize: bool = False) -> Tensor:
        """Images as the model takes them → features `[n, d]`."""
        ...

    def encode_text(self, text: Tensor, normalize: bool = False) -> Tensor:
        """Texts as the model takes them → features `[n, d]`."""
        ...

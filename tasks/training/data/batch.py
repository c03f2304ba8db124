"""What one step is trained on."""

from dataclasses import dataclass

from torch import Tensor

from tasks.arrays import Ids


@dataclass(frozen=True)
class Batch:
    """This rank's examples of one step.

    Attributes:
        ids: uint64 `[b]`, named where a loss is not finite.
        images: as the image encoder takes them, `[b, …]`.
        texts: as the text encoder takes them, `[b, …]`.
    """

    ids: Ids
    images: Tensor
    texts: Tensor

    def pinned(self) -> "Batch":
        """The same in page-locked memory, from which a GPU copies at full speed and while it computes."""
        return Batch(self.ids, self.images.pin_memory(), self.texts.pin_memory())

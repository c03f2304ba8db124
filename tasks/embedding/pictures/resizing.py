"""What a model's transform of pictures will need, told from its steps before any picture is resized."""

from collections.abc import Callable, Iterable
from typing import Any


def resized_side(steps: Iterable[Callable[..., Any]]) -> int | None:
    """The length to which a transform brings a picture's *shorter* side, whatever becomes of the longer one.

    None where the longer side is bounded too: torchvision's `Resize` to a height and a width, open_clip's
    `ResizeKeepRatio` of the longest side. steps: of a torchvision or open_clip pipeline.
    """
    for step in steps:
        size = getattr(step, "size", None)
        kind = type(step).__name__
        if kind == "Resize" and (isinstance(size, int) or len(size or ()) == 1) and not step.max_size:  # type: ignore[attr-defined]
            return size if isinstance(size, int) else int(size[0])  # type: ignore[index]
        if kind == "ResizeKeepRatio" and getattr(step, "longest", 0.0) < 1:
            return max(size)  # type: ignore[arg-type]
    return None

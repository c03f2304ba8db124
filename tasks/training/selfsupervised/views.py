"""Random views of a batch of pictures, all of it in a few tensor operations: crop, mirror, colours, grey."""

import torch
from torch import Tensor
from torch.nn import functional

_LUMINANCE = (0.299, 0.587, 0.114)


def random_view(pictures: Tensor, generator: torch.Generator, *, smallest: float = 0.2, colour: float = 0.4) -> Tensor:
    """One view of every picture, float32 in [0, 1], `[b, 3, s, s]`, each with its own draws.

    A window of `smallest` to all of the picture's area, its sides within 3:4 and 4:3, is resized to the whole; half
    are mirrored; brightness, contrast and saturation change by up to `± colour` in four of five; one in five is
    grey. pictures: `[b, 3, s, s]` in [0, 1].
    """
    windows = _windows(pictures, generator, smallest)
    factors = 1 + colour * (2 * torch.rand(3, len(pictures), generator=generator) - 1)
    factors = torch.where(torch.rand(len(pictures), generator=generator) < 0.8, factors, torch.ones(()))
    grey = (torch.rand(len(pictures), generator=generator) < 0.2).to(windows)
    brightness, contrast, saturation = factors.to(windows)[:, :, None, None, None]
    windows = (windows * brightness).clamp(0, 1)
    means = _luminance(windows).mean(dim=(1, 2, 3), keepdim=True)
    windows = (means + contrast * (windows - means)).clamp(0, 1)
    shade = _luminance(windows)
    saturation = saturation * (1 - grey[:, None, None, None])
    return (shade + saturation * (windows - shade)).clamp(0, 1)


def _luminance(pictures: Tensor) -> Tensor:
    weights = pictures.new_tensor(_LUMINANCE)[None, :, None, None]
    return (pictures * weights).sum(dim=1, keepdim=True)


def _windows(pictures: Tensor, generator: torch.Generator, smallest: float) -> Tensor:
    """Resized random windows, half of them mirrored, as one bilinear sampling."""
    count = len(pictures)
    area = smallest + (1 - smallest) * torch.rand(count, generator=generator)
    ratio = torch.exp((torch.rand(count, generator=generator) * 2 - 1) * torch.tensor(4 / 3).log())
    width = (area * ratio).sqrt().clamp(max=1)
    height = (area / ratio).sqrt().clamp(max=1)
    right = (torch.rand(count, generator=generator) * 2 - 1) * (1 - width)
    down = (torch.rand(count, generator=generator) * 2 - 1) * (1 - height)
    mirror = torch.where(torch.rand(count, generator=generator) < 0.5, 1.0, -1.0)
    transform = torch.zeros(count, 2, 3)
    transform[:, 0, 0], transform[:, 0, 2] = width * mirror, right
    transform[:, 1, 1], transform[:, 1, 2] = height, down
    grid = functional.affine_grid(transform.to(pictures), list(pictures.shape), align_corners=False)
    return functional.grid_sample(pictures, grid, padding_mode="reflection", align_corners=False)

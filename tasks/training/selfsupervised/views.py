"""Random views of a batch of pictures, in a few tensor operations: crop, colours, grey, blur, solarise, mirror.

A view is a function of the pictures and of its draws, uniform numbers that hashes give; so the same view comes out
whatever the device that makes it and however many ranks share the batch.
"""

import math
from functools import cache

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from storage.draws import uniform
from tasks.arrays import Floats, Integers
from tasks.training.selfsupervised.config import ViewConfig

DRAWS = ("area", "ratio", "right", "down", "mirror", "jitter", "brightness", "contrast", "saturation", "hue", "grey",
         "solarise", "blur", "deviation")  # fmt: skip
"""The draws of a view, in the order of their columns."""

MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""ImageNet's colours, by which the paper standardises CIFAR's too (appendix C.2)."""

_YIQ = ((0.299, 0.587, 0.114), (0.5959, -0.2746, -0.3213), (0.2115, -0.5227, 0.3112))
_FROM_YIQ = tuple(map(tuple, np.linalg.inv(_YIQ).tolist()))


LEVELS = 2**24
"""Draws are whole numbers below this: a mixed precision would round fractions on their way to the device."""


def view_draws(places: Integers, *, seed: int, step: int) -> Tensor:
    """The draws of two views of every picture, int32 `[b, 2, 14]` below `LEVELS`. places: in the whole batch, `[b]`."""
    columns = np.arange(2 * len(DRAWS))
    drawn = uniform(places[:, None] * len(columns) + columns, seed=seed, purpose=f"views/{step}")
    return torch.from_numpy((drawn * LEVELS).astype(np.int32)).unflatten(1, (2, -1))


def random_view(pictures: Tensor, draws: Tensor, config: ViewConfig) -> Tensor:
    """One view of every picture, float32 `[b, 3, s, s]`, standardised by `MEAN` and `DEVIATION`.

    pictures: float32 in [0, 1], `[b, 3, s, s]`. draws: `[b, 14]` in [0, 1).
    A window of `smallest` to all of the picture's area, its sides within 3:4 and 4:3, is resized to the whole and
    perhaps mirrored; brightness and contrast change, then saturation and hue, a rotation about the grey axis.
    """
    u = dict(zip(DRAWS, draws.unbind(dim=1), strict=True))
    views = _windows(pictures, u, config)
    jitter = u["jitter"] < config.jitter
    factor = {
        name: torch.where(jitter, 1 + strength * (2 * u[name] - 1), 1.0)
        for name, strength in (
            ("brightness", config.brightness), ("contrast", config.contrast), ("saturation", config.saturation)
        )
    }  # fmt: skip
    views = (views * _spread(factor["brightness"])).clamp(0, 1)
    means = _luminance(views).mean(dim=(1, 2, 3), keepdim=True)
    views = (means + _spread(factor["contrast"]) * (views - means)).clamp(0, 1)
    saturation = factor["saturation"] * (u["grey"] >= config.grey)
    angle = torch.where(jitter, 2 * math.pi * config.hue * (2 * u["hue"] - 1), 0.0)
    views = torch.bmm(_colour_turn(saturation, angle), views.flatten(2)).view_as(views).clamp(0, 1)
    if config.blur > 0:
        views = _blurred(views, u["deviation"], u["blur"] < config.blur)
    solarised = _spread(u["solarise"] < config.solarise) & (views >= 0.5)
    views = torch.where(solarised, 1 - views, views)
    return (views - _channels(views, MEAN)) / _channels(views, DEVIATION)


def _spread(values: Tensor) -> Tensor:
    return values[:, None, None, None]


def _channels(like: Tensor, values: tuple[float, ...]) -> Tensor:
    return like.new_tensor(values)[:, None, None]


def _luminance(pictures: Tensor) -> Tensor:
    return (pictures * _channels(pictures, _YIQ[0])).sum(dim=1, keepdim=True)


def _colour_turn(saturation: Tensor, angle: Tensor) -> Tensor:
    """`[b, 3, 3]`: in luminance and two colour coordinates (YIQ), the colours are turned and stretched."""
    turn = torch.zeros(len(angle), 3, 3, dtype=saturation.dtype, device=saturation.device)
    turn[:, 0, 0] = 1
    turn[:, 1, 1] = turn[:, 2, 2] = saturation * angle.cos()
    turn[:, 2, 1] = saturation * angle.sin()
    turn[:, 1, 2] = -turn[:, 2, 1]
    return turn.new_tensor(_FROM_YIQ) @ turn @ turn.new_tensor(_YIQ)


def _blurred(views: Tensor, deviation: Tensor, chosen: Tensor) -> Tensor:
    """Gaussian blurs of 0.1 to 2 pixels' deviation, each picture's own, for those `chosen` `[b]`; borders are mirrored.

    The kernel is a tenth of the side, as SimCLR has it. A blur along one axis is a matrix `[s, s]`, so a batch of
    blurs is two batched products.
    """
    side = views.shape[-1]
    reach = min(max(side // 20, 1), side - 1)
    offsets = torch.arange(-reach, reach + 1, device=views.device)
    sigma = 0.1 + 1.9 * deviation[:, None]
    weights = torch.softmax(-0.5 * (offsets / sigma).square(), dim=1)
    seen = (torch.arange(side, device=views.device)[:, None] + offsets).abs()
    seen = side - 1 - (side - 1 - seen).abs()
    blur = views.new_zeros(len(views), side, side)
    blur.scatter_add_(2, seen.expand(len(views), -1, -1), weights[:, None].expand(-1, side, -1))
    blur = torch.where(chosen[:, None, None], blur, torch.eye(side, dtype=views.dtype, device=views.device))
    return blur[:, None] @ views @ blur[:, None].mT


def window_sides(area: Tensor, ratio: Tensor, smallest: float) -> tuple[Tensor, Tensor]:
    """Width and height of random windows, `[b]` each, as shares of the picture's, from uniform draws `[b]`.

    Area a uniform in [s, 1] and log r (r = width / height) uniform in ±log 4/3 are drawn until the window fits into
    the picture, `|log r| ≤ −log a`: what torchvision's `RandomResizedCrop` does, up to its tenth try. Then
    `t = |log r|` has a density proportional to `e^(−t) − s`, and a is uniform in `[s, e^(−t)]`, so one draw of each
    is enough.
    """
    table = torch.from_numpy(_log_ratios(smallest)).to(area, non_blocking=True)
    place = (2 * ratio - 1).abs() * (len(table) - 1)
    low = place.floor().long().clamp(max=len(table) - 2)
    stretch = torch.lerp(table[low], table[low + 1], place - low)
    covered = smallest + ((-stretch).exp() - smallest) * area
    turned = torch.where(ratio < 0.5, -stretch, stretch)
    return (covered * turned.exp()).sqrt(), (covered * (-turned).exp()).sqrt()


@cache
def _log_ratios(smallest: float) -> Floats:
    """`t` of `window_sides` at equal steps of its probability, `[1025]`."""
    t = np.linspace(0, min(math.log(4 / 3), -math.log(smallest)), 16_385)
    mass = 1 - np.exp(-t) - smallest * t
    return np.interp(np.linspace(0, mass[-1], 1_025), mass, t)


def _windows(pictures: Tensor, u: dict[str, Tensor], config: ViewConfig) -> Tensor:
    """Resized random windows, some of them mirrored, as one bilinear sampling."""
    width, height = window_sides(u["area"], u["ratio"], config.smallest)
    transform = torch.zeros(len(pictures), 2, 3, dtype=pictures.dtype, device=pictures.device)
    transform[:, 0, 0] = torch.where(u["mirror"] < config.mirror, -width, width)
    transform[:, 0, 2] = (2 * u["right"] - 1) * (1 - width)
    transform[:, 1, 1] = height
    transform[:, 1, 2] = (2 * u["down"] - 1) * (1 - height)
    grid = functional.affine_grid(transform, list(pictures.shape), align_corners=False)
    return functional.grid_sample(pictures, grid, padding_mode="reflection", align_corners=False)

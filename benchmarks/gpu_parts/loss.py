"""The balanced loss against CLIP's: milliseconds forward and backward, and peak memory."""

from collections.abc import Callable, Iterator
from functools import partial
from importlib.util import find_spec

import torch
from torch import Tensor
from torch.nn.functional import normalize

from benchmarks.gpu_parts import peers
from benchmarks.gpu_parts.models import clip_loss
from benchmarks.gpu_parts.rows import Row, Setting
from tasks.training.losses.modules import distributed_contrastive_loss
from tasks.training.losses.tiled import TILED_FROM, tiled_balanced_loss
from tasks.training.losses.unrolled import unrolled_loss

DIMENSION = 512
GOALS = {1: 1.1, 2: 1.5}


def peer() -> tuple[str, peers.Loss]:
    """open_clip's ClipLoss where it is, else the same written out, and which of the two."""
    if find_spec("open_clip") is None:
        return "ClipLoss (written out)", clip_loss
    from open_clip.loss import ClipLoss

    return "ClipLoss (open_clip)", ClipLoss()


def measure(setting: Setting) -> Iterator[Row]:
    """Every batch, CLIP's loss first, then ours as ratios to it."""
    name, clip = peer()
    for batch in (64, 128) if setting.tiny else (512, 1024, 2048, 4096, 8192, 16_384, 32_768):
        generator = torch.Generator(setting.device).manual_seed(0)
        drawn = [torch.randn(batch, DIMENSION, generator=generator, device=setting.device) for _ in range(2)]
        leaves = [normalize(each, dim=1).requires_grad_() for each in drawn]
        leaves.append(torch.tensor(30.0, device=setting.device, requires_grad=True))
        base = {}
        for precision in ("float32", "bfloat16"):
            low = precision == "bfloat16"
            yield from _row(setting, f"{name}, {precision}, B={batch}", _call(setting, clip, leaves, low), base)
        reference = base[f"{name}, float32, B={batch}"]
        for k in (1, 2, 5):
            own = _call(setting, lambda x, y, s, k=k: distributed_contrastive_loss(x, y, s, half_steps=k), leaves)
            form = "tiles" if batch >= TILED_FROM else "dense"
            words = f"ours k={k}, {form}, B={batch}"
            yield from _row(setting, words, own, base)
            ratio = base[words] / reference
            goal = f"<= {GOALS[k]}" if k in GOALS else ""
            verdict = setting.judged(ratio <= GOALS[k]) if k in GOALS else ""
            yield Row("loss", f"k={k} ÷ {name}, both float32, B={batch}", ratio, "x", goal, verdict)
        for title, other in peers.losses(setting):
            timed = partial(setting.seconds, _call(setting, other, leaves))
            yield peers.attempted("loss", f"{title}, float32, B={batch}", timed, "s")
        if batch <= 8192:
            tiled = _call(setting, lambda x, y, s: tiled_balanced_loss(x, y, s, 2), leaves)
            yield from _row(setting, f"ours k=2, tiles, B={batch}", tiled, base)
        if setting.accelerated and batch in (2048, 8192):
            compiled = torch.compile(lambda x, y, s: unrolled_loss(s * x @ y.T, 2))
            yield from _row(
                setting, f"torch.compile of the chain, k=2, B={batch}", _call(setting, compiled, leaves), base
            )


def _call(setting: Setting, loss: peers.Loss, leaves: list[Tensor], low: bool = False) -> Callable[[], object]:
    def step() -> None:
        with torch.autocast(setting.device, torch.bfloat16, enabled=low):
            value = loss(*leaves)
        torch.autograd.grad(value, leaves)

    return step


def _row(setting: Setting, words: str, call: Callable[[], object], into: dict[str, float]) -> Iterator[Row]:
    into[words] = setting.seconds(call)
    yield Row("loss", words, 1e3 * into[words], "ms")
    peak = setting.peak(call)
    yield Row("loss", f"{words}: peak", None if peak is None else peak / 2**20, "MiB")

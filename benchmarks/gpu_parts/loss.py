"""The balanced loss against CLIP's: milliseconds forward and backward, and peak memory."""

from collections.abc import Callable, Iterator
from functools import partial
from importlib.util import find_spec

import torch
from torch import Tensor
from torch.nn.functional import normalize

from benchmarks.gpu_parts import peers
from benchmarks.gpu_parts.models import clip_loss
from benchmarks.gpu_parts.rows import Row, Setting, guarded
from tasks.training.losses.modules import distributed_contrastive_loss
from tasks.training.losses.potentials import balanced_loss
from tasks.training.losses.tiled import TILED_FROM, tiled_balanced_loss
from tasks.training.losses.unrolled import unrolled_loss

PART = "loss"
DIMENSION = 512
GOALS = {1: 1.1, 2: 1.5}


def peer() -> tuple[str, peers.Loss]:
    """open_clip's ClipLoss where it is, else the same written out, and which of the two."""
    if find_spec("open_clip") is None:
        return "ClipLoss (written out)", clip_loss
    from open_clip.loss import ClipLoss

    return "ClipLoss (open_clip)", ClipLoss()


def measure(setting: Setting) -> Iterator[Row]:
    """Every batch, CLIP's loss first, then ours as ratios to it; what has to be compiled comes last."""
    for batch in (64, 128) if setting.tiny else (512, 1024, 2048, 4096, 8192, 16_384, 32_768):
        setting.check_time()
        yield from guarded(PART, f"B={batch}", _of_batch(setting, batch))
    for batch in (2048, 8192) if setting.accelerated else ():
        setting.check_time()
        words = f"torch.compile of the chain, k=2, B={batch}"
        compiled = torch.compile(lambda x, y, s: unrolled_loss(s * x @ y.T, 2))
        yield from guarded(PART, words, _row(setting, words, _call(setting, compiled, _leaves(setting, batch)), {}))


def _leaves(setting: Setting, batch: int) -> list[Tensor]:
    generator = torch.Generator(setting.device).manual_seed(0)
    drawn = [torch.randn(batch, DIMENSION, generator=generator, device=setting.device) for _ in range(2)]
    leaves = [normalize(each, dim=1).requires_grad_() for each in drawn]
    return [*leaves, torch.tensor(30.0, device=setting.device, requires_grad=True)]


def _of_batch(setting: Setting, batch: int) -> Iterator[Row]:
    name, clip = peer()
    leaves = _leaves(setting, batch)
    base: dict[str, float] = {}
    for precision in ("float32", "bfloat16"):
        low = precision == "bfloat16"
        yield from _row(setting, f"{name}, {precision}, B={batch}", _call(setting, clip, leaves, low), base)
    reference = base[f"{name}, float32, B={batch}"]
    for k in (1, 2, 5):
        own = _call(setting, partial(distributed_contrastive_loss, half_steps=k), leaves)
        words = f"ours k={k}, B={batch}"
        yield from _row(setting, words, own, base)
        ratio = base[words] / reference
        goal = f"<= {GOALS[k]}" if k in GOALS else ""
        verdict = setting.judged(ratio <= GOALS[k]) if k in GOALS else ""
        yield Row(PART, f"k={k} ÷ {name}, both float32, B={batch}", ratio, "x", goal, verdict)
    for title, other in peers.losses(setting):
        timed = partial(setting.seconds, _call(setting, other, leaves))
        yield peers.attempted(PART, f"{title}, float32, B={batch}", timed, "s")
    for k, title, form in _forms(batch):
        words = f"ours k={k}, {title}, B={batch}"
        yield from guarded(PART, words, _row(setting, words, _call(setting, form, leaves), base))


def _forms(batch: int) -> Iterator[tuple[int, str, peers.Loss]]:
    """The three forms that ours is chosen from, where they fit: they tell where one should give way to another."""
    for k in (1, 2):
        if batch <= 8192:
            yield k, "the chain", lambda x, y, s, k=k: unrolled_loss(s * x @ y.T, k)
        if batch < TILED_FROM:
            yield k, "by potentials", lambda x, y, s, k=k: balanced_loss(s * x @ y.T, k)
    if batch < TILED_FROM:
        yield 2, "in tiles", lambda x, y, s: tiled_balanced_loss(x, y, s, 2)


def _call(setting: Setting, loss: peers.Loss, leaves: list[Tensor], low: bool = False) -> Callable[[], object]:
    def step() -> None:
        with torch.autocast(setting.device, torch.bfloat16, enabled=low):
            value = loss(*leaves)
        torch.autograd.grad(value, leaves)

    return step


def _row(setting: Setting, words: str, call: Callable[[], object], into: dict[str, float]) -> Iterator[Row]:
    into[words] = setting.seconds(call)
    yield Row(PART, words, 1e3 * into[words], "ms")
    peak = setting.peak(call)
    yield Row(PART, f"{words}: peak", None if peak is None else peak / 2**20, "MiB")

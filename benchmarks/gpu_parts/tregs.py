"""T-REG beside a training step of ViT-B/32: its share, its neighbours' time, and whether the host ever waits for it."""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor
from torch.nn.functional import normalize

from benchmarks.gpu_parts.loss import peer
from benchmarks.gpu_parts.models import CONTEXT, WORDS, TwoTowers, clip_model
from benchmarks.gpu_parts.rows import NO_ACCELERATOR, Row, Setting, guarded
from tasks.training.regularisers.vicreg import variance_covariance
from tasks.training.tregs.batch_boruvka import boruvka_edges, distances_by_product
from tasks.training.tregs.treg import treg

PART = "tregs"
DIMENSION = 512
LARGEST_SHARE = 0.05
_DIFFERENCES = "donot_use_mm_for_euclid_dist"
LARGEST_PART = 1024
"""Pairs that are encoded at a time: the activations of 4,096 in both towers take more than 80 GB."""


def measure(setting: Setting) -> Iterator[Row]:
    """Synchronisation first, which costs nothing to find; then times."""
    yield from _never_waits(setting)
    model, side = clip_model("tiny" if setting.tiny else "B/32")
    model.to(setting.device)
    optimiser = torch.optim.AdamW(model.parameters(), fused=True)
    for batch in (16,) if setting.tiny else (512, 1024, 2048, 4096):
        setting.check_time()
        yield from guarded(PART, f"B={batch}", _beside_a_step(setting, model, optimiser, side, batch))


def _beside_a_step(
    setting: Setting, model: TwoTowers, optimiser: torch.optim.Optimizer, side: int, batch: int
) -> Iterator[Row]:
    name, clip = peer()
    points = torch.randn(batch, DIMENSION, device=setting.device, requires_grad=True)
    unit = normalize(points.detach(), dim=1).requires_grad_()
    scale = torch.tensor(30.0, device=setting.device)

    both = setting.seconds(lambda: [_pull(treg(points, gamma=3e-3, lambda_=2e-5), points) for _ in range(2)])
    yield Row(PART, f"T-REG of two branches, B={batch}", 1e3 * both, "ms")
    yield from _pieces(setting, points.detach())
    vicreg = setting.seconds(lambda: [_pull(variance_covariance(points), points) for _ in range(2)])
    yield Row(PART, f"VICReg of two branches, B={batch}", 1e3 * vicreg, "ms")
    contrastive = setting.seconds(lambda: _pull(clip(unit, unit, scale), unit))
    yield Row(PART, f"{name}, B={batch}", 1e3 * contrastive, "ms")
    part = min(batch, LARGEST_PART)
    words = f"a step of CLIP {'tiny' if setting.tiny else 'ViT-B/32'}, B={batch}, encoded {part} at a time"
    without, whole = (
        setting.seconds(_step(setting, model, optimiser, side, batch, part, regularised), rounds=4)
        for regularised in (False, True)
    )
    yield Row(PART, words, 1e3 * without, "ms")
    yield Row(PART, f"{words}, with T-REG", 1e3 * whole, "ms")
    share = 1 - without / whole
    verdict = setting.judged(share <= LARGEST_SHARE)
    yield Row(PART, f"T-REG's share, B={batch}", 100 * share, "%", f"<= {LARGEST_SHARE:.0%}", verdict)


def _pieces(setting: Setting, points: Tensor) -> Iterator[Row]:
    """What one tree is made of: its distances, either way, and the rest."""
    centred = points - points.mean(dim=0)
    for words, call in (
        ("the tree", lambda: boruvka_edges(points)),
        ("distances by a float64 product", lambda: distances_by_product(points)),
        ("distances by differences", lambda: torch.cdist(centred, centred, compute_mode=_DIFFERENCES)),
    ):
        yield Row(PART, f"of one branch, {words}, B={len(points)}", 1e3 * setting.seconds(call), "ms")


def _step(
    setting: Setting,
    model: TwoTowers,
    optimiser: torch.optim.Optimizer,
    side: int,
    batch: int,
    part: int,
    regularised: bool,
) -> Callable[[], None]:
    """A step on random pictures. A batch that a card cannot hold is encoded in parts, forward and backward.

    The gradient of the whole batch would need a second encoding of the parts: without it the step is shorter, and the
    share of whatever stands beside it larger.
    """
    _, clip = peer()
    images = torch.randn(part, 3, side, side, device=setting.device)
    tokens = torch.randint(WORDS, (part, CONTEXT), device=setting.device)
    together = torch.randn(batch, DIMENSION, device=setting.device).requires_grad_()

    def loss(image: Tensor, text: Tensor) -> Tensor:
        value = clip(normalize(image, dim=1), normalize(text, dim=1), model.logit_scale.exp())
        for branch in (image, text) if regularised else ():
            value = value + treg(branch, gamma=3e-3, lambda_=2e-5)
        return value

    def step() -> None:
        for _ in range(batch // part):
            with torch.autocast(setting.device, torch.bfloat16, enabled=setting.accelerated):
                features = model.encode_image(images), model.encode_text(tokens)
            image, text = (each.float() for each in features)
            (loss(image, text) if part == batch else (image * text).sum()).backward()
        if part < batch:
            loss(together, together).backward()
            together.grad = None
        optimiser.step()
        optimiser.zero_grad()

    return step


def _never_waits(setting: Setting) -> Iterator[Row]:
    words = ("torch's synchronisation mode 'error' lets T-REG pass", "a CUDA graph captures T-REG and its gradient")
    if not setting.accelerated:
        yield from (Row(PART, each, None, "", "passes", NO_ACCELERATOR) for each in words)
        return
    points = torch.randn(512, DIMENSION, device=setting.device, requires_grad=True)
    alone = _pull(treg(points, gamma=1.0, lambda_=1.0), points)  # whatever is prepared once is prepared now
    torch.cuda.set_sync_debug_mode("error")
    try:
        _pull(treg(points, gamma=1.0, lambda_=1.0), points)
        passed = True
    except RuntimeError:
        passed = False
    finally:
        torch.cuda.set_sync_debug_mode("default")
    yield Row(PART, words[0], float(passed), "", "passes", "met" if passed else "missed")
    try:
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            captured = _pull(treg(points, gamma=1.0, lambda_=1.0), points)
        graph.replay()
        same = torch.allclose(captured, alone, atol=1e-6)
    except RuntimeError:
        same = False
    yield Row(PART, words[1], float(same), "", "passes", "met" if same else "missed")


def _pull(value: Tensor, leaf: Tensor) -> Tensor:
    return torch.autograd.grad(value, leaf)[0]

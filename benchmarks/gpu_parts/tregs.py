"""T-REG beside a training step of ViT-B/32: its share, its neighbours' time, and whether the host ever waits for it."""

from collections.abc import Iterator

import torch
from torch import Tensor
from torch.nn.functional import normalize

from benchmarks.gpu_parts.loss import peer
from benchmarks.gpu_parts.models import CONTEXT, WORDS, TwoTowers, clip_model
from benchmarks.gpu_parts.rows import NO_ACCELERATOR, Row, Setting
from tasks.training.regularisers.vicreg import variance_covariance
from tasks.training.tregs.treg import treg

DIMENSION = 512
LARGEST_SHARE = 0.05


def measure(setting: Setting) -> Iterator[Row]:
    """Synchronisation first, which costs nothing to find; then times."""
    yield from _never_waits(setting)
    model, side = clip_model("tiny" if setting.tiny else "B/32")
    model.to(setting.device)
    optimiser = torch.optim.AdamW(model.parameters())
    for batch in (16,) if setting.tiny else (512, 1024, 2048, 4096):
        yield from _beside_a_step(setting, model, optimiser, side, batch)


def _beside_a_step(
    setting: Setting, model: TwoTowers, optimiser: torch.optim.Optimizer, side: int, batch: int
) -> Iterator[Row]:
    name, clip = peer()
    points = torch.randn(batch, DIMENSION, device=setting.device, requires_grad=True)
    unit = normalize(points.detach(), dim=1).requires_grad_()
    scale = torch.tensor(30.0, device=setting.device)
    images = torch.randn(batch, 3, side, side, device=setting.device)
    tokens = torch.randint(WORDS, (batch, CONTEXT), device=setting.device)

    def step() -> None:
        with torch.autocast(setting.device, torch.bfloat16, enabled=setting.accelerated):
            features = model.encode_image(images, True), model.encode_text(tokens, True)
        clip(features[0].float(), features[1].float(), model.logit_scale.exp()).backward()
        optimiser.step()
        optimiser.zero_grad()

    both = setting.seconds(lambda: [_pull(treg(points, gamma=3e-3, lambda_=2e-5), points) for _ in range(2)])
    yield Row("tregs", f"T-REG of two branches, B={batch}", 1e3 * both, "ms")
    vicreg = setting.seconds(lambda: [_pull(variance_covariance(points), points) for _ in range(2)])
    yield Row("tregs", f"VICReg of two branches, B={batch}", 1e3 * vicreg, "ms")
    contrastive = setting.seconds(lambda: _pull(clip(unit, unit, scale), unit))
    yield Row("tregs", f"{name}, B={batch}", 1e3 * contrastive, "ms")
    whole = setting.seconds(step, rounds=3)
    yield Row("tregs", f"a step of CLIP {'tiny' if setting.tiny else 'ViT-B/32'}, B={batch}", 1e3 * whole, "ms")
    share = both / (whole + both)
    verdict = setting.judged(share <= LARGEST_SHARE)
    yield Row("tregs", f"T-REG's share, B={batch}", 100 * share, "%", f"<= {LARGEST_SHARE:.0%}", verdict)


def _never_waits(setting: Setting) -> Iterator[Row]:
    words = ("torch's synchronisation mode 'error' lets T-REG pass", "a CUDA graph captures T-REG and its gradient")
    if not setting.accelerated:
        yield from (Row("tregs", each, None, "", "passes", NO_ACCELERATOR) for each in words)
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
    yield Row("tregs", words[0], float(passed), "", "passes", "met" if passed else "missed")
    try:
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            captured = _pull(treg(points, gamma=1.0, lambda_=1.0), points)
        graph.replay()
        same = torch.allclose(captured, alone, atol=1e-6)
    except RuntimeError:
        same = False
    yield Row("tregs", words[1], float(same), "", "passes", "met" if same else "missed")


def _pull(value: Tensor, leaf: Tensor) -> Tensor:
    return torch.autograd.grad(value, leaf)[0]

"""How fast are the losses, against the plain chain, its compiled form, and open_clip's?

    python -m benchmarks.losses                          # B = 512, 2048, 4096; a few minutes
    python -m benchmarks.losses --batches 8192 --compile

Claims: at least 2 times the plain chain at B >= 4096, 1.2 times its torch.compile at B >= 2048, at most two B×B
matrices of extra memory for any k; T-REG at most half of CLIP's loss at B >= 1024 and no more than it below. Rounds are
interleaved, times are CPU seconds of one thread, forward and backward; medians of the rounds' ratios are printed.
"""

import argparse
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional

from tasks.training.losses import unrolled_loss
from tasks.training.potentials import balanced_loss
from tasks.training.regularisers.vicreg import variance_covariance
from tasks.training.tregs import treg

DIMENSION = 512


def features(n: int) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    image = functional.normalize(torch.randn(n, DIMENSION, generator=generator), dim=1)
    return image, functional.normalize(image + 0.02 * torch.randn(n, DIMENSION, generator=generator), dim=1)


def seconds(function: Callable[..., Tensor], *inputs: Tensor) -> float:
    leaves = [tensor.detach().requires_grad_() for tensor in inputs]
    start = time.process_time()
    function(*leaves).backward()
    return time.process_time() - start


def compare(ways: dict[str, Callable[..., Tensor]], inputs: tuple[Tensor, ...], rounds: int) -> dict[str, list[float]]:
    for function in ways.values():
        seconds(function, *inputs)
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, function in ways.items():
            times[name].append(seconds(function, *inputs))
    return times


def show(title: str, times: dict[str, list[float]], ours: str) -> None:
    parts = []
    for name, values in times.items():
        ratio = statistics.median(other / own for other, own in zip(values, times[ours], strict=True))
        parts.append(f"{name} {1e3 * statistics.median(values):.1f} ms ({ratio:.2f}x)")
    print(f"{title:<18}", " | ".join(parts), flush=True)


def balanced(n: int, rounds: int, compiled: bool) -> None:
    image, text = features(n)
    logits = 14 * image @ text.T
    for steps in (1, 2, 5):
        ways: dict[str, Callable[..., Tensor]] = {
            "ours": lambda x, k=steps: balanced_loss(x, k),
            "chain": lambda x, k=steps: unrolled_loss(x, k),
        }
        if compiled:
            ways["compiled"] = torch.compile(lambda x, k=steps: unrolled_loss(x, k))
        show(f"B={n} k={steps}", compare(ways, (logits,), rounds), "ours")


def from_features(n: int, rounds: int) -> None:
    from open_clip.loss import ClipLoss

    from tasks.training.modules import BalancedClipLoss

    scale, theirs, ours = torch.tensor(14.0), ClipLoss(), BalancedClipLoss(1)
    ways: dict[str, Callable[..., Tensor]] = {
        "ours k=1": lambda image, text: ours(image, text, scale),
        "ClipLoss": lambda image, text: theirs(image, text, scale),
        "T-REG, both": lambda image, text: treg(image, gamma=1, lambda_=1) + treg(text, gamma=1, lambda_=1),
        "VICReg, both": lambda image, text: variance_covariance(image) + variance_covariance(text),
    }
    show(f"B={n} features", compare(ways, features(n), rounds), "ours k=1")


def resident_peak() -> int:
    """The process's largest resident memory, in bytes. (`ru_maxrss` would be the parent's, too.)"""
    lines = Path("/proc/self/status").read_text().splitlines()
    return 1024 * int(next(line for line in lines if line.startswith("VmHWM")).split()[1])


def peak(name: str, n: int, steps: int) -> None:
    """Print what forward and backward add to the process's peak memory, in B×B matrices."""
    logits = torch.randn(n, n).requires_grad_()
    function = balanced_loss if name == "ours" else unrolled_loss
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew (Linux)
    before = resident_peak()
    function(logits, steps).backward()
    added = resident_peak() - before
    print(f"B={n} k={steps} {name:<6} extra peak memory {added / (4 * n * n):.2f} B×B", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batches", type=int, nargs="+", default=[512, 2048, 4096])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--compile", action="store_true", help="time torch.compile of the chain, too")
    parser.add_argument("--peak", nargs=3, metavar=("WAY", "B", "K"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    torch.set_num_threads(1)
    if options.peak:
        peak(options.peak[0], int(options.peak[1]), int(options.peak[2]))
        return
    for n in options.batches:
        balanced(n, options.rounds, options.compile)
        from_features(n, options.rounds)
    for way in ("ours", "chain"):
        for steps in (1, 5):
            command = [sys.executable, "-m", "benchmarks.losses", "--peak", way, str(max(options.batches)), str(steps)]
            subprocess.run(command, check=True)


if __name__ == "__main__":
    main()

"""How fast are the losses, against the plain chain, its compiled form, and open_clip's?

    python -m benchmarks.losses                          # B = 512, 2048, 4096; a few minutes
    python -m benchmarks.losses --batches 8192 --compile
    python -m benchmarks.losses --device cuda --batches 512 2048 8192 16384 --compile

Claims: at least 2 times the plain chain at B >= 4096, 1.2 times its torch.compile at B >= 2048, at most two B×B
matrices of extra memory for any k; T-REG (of both branches) at most half of CLIP's loss at B >= 1024 and no more than
it from B = 128 on (below, either is half a millisecond of calls). VICReg costs less than T-REG where B > d, as it
multiplies d×d matrices only. Rounds are interleaved, forward and backward; medians of the rounds' ratios are printed.
On a processor times are CPU seconds of one thread.
"""

import argparse
import statistics
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional

from benchmarks.timing.clock import interleaved, machine, ratio
from tasks.training.losses.modules import BalancedClipLoss
from tasks.training.losses.potentials import balanced_loss
from tasks.training.losses.unrolled import unrolled_loss
from tasks.training.regularisers.vicreg import variance_covariance
from tasks.training.tregs.treg import treg

DIMENSION = 512
Loss = Callable[..., Tensor]


def features(n: int, device: str = "cpu") -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    image = functional.normalize(torch.randn(n, DIMENSION, generator=generator), dim=1)
    text = functional.normalize(image + 0.02 * torch.randn(n, DIMENSION, generator=generator), dim=1)
    return image.to(device), text.to(device)


def compare(title: str, ways: dict[str, Loss], inputs: tuple[Tensor, ...], rounds: int, *, against: str) -> None:
    """Time forward and backward of every way, and print how many times as long as `against` each takes."""

    def step(loss: Loss) -> Callable[[], None]:
        return lambda: loss(*(tensor.detach().requires_grad_() for tensor in inputs)).backward()

    times = interleaved({name: step(loss) for name, loss in ways.items()}, rounds, inputs[0].device.type)
    parts = [
        f"{name} {1e3 * statistics.median(values):.2f} ms ({ratio(values, times[against]):.2f}x)"
        for name, values in times.items()
    ]
    print(f"{title:<18}", " | ".join(parts), flush=True)


def from_logits(n: int, rounds: int, compiled: bool, device: str) -> None:
    image, text = features(n, device)
    logits = 14 * image @ text.T
    for steps in (1, 2, 5):
        ways: dict[str, Loss] = {
            "ours": lambda x, k=steps: balanced_loss(x, k),
            "chain": lambda x, k=steps: unrolled_loss(x, k),
        }
        if compiled:
            ways["compiled"] = torch.compile(lambda x, k=steps: unrolled_loss(x, k))
        compare(f"B={n} k={steps}", ways, (logits,), rounds, against="ours")


def from_features(n: int, rounds: int, device: str) -> None:
    from open_clip.loss import ClipLoss

    scale, theirs, ours = torch.tensor(14.0, device=device), ClipLoss(), BalancedClipLoss(1)
    ways: dict[str, Loss] = {
        "ClipLoss": lambda image, text: theirs(image, text, scale),
        "ours k=1": lambda image, text: ours(image, text, scale),
        "T-REG, both": lambda image, text: treg(image, gamma=1, lambda_=1) + treg(text, gamma=1, lambda_=1),
        "VICReg, both": lambda image, text: variance_covariance(image) + variance_covariance(text),
    }
    compare(f"B={n} features", ways, features(n, device), rounds, against="ClipLoss")


def resident_peak() -> int:
    """The process's largest resident memory, in bytes. (`ru_maxrss` would be the parent's, too.)"""
    lines = Path("/proc/self/status").read_text().splitlines()
    return 1024 * int(next(line for line in lines if line.startswith("VmHWM")).split()[1])


def peak(name: str, n: int, steps: int, device: str) -> None:
    """Print what forward and backward add to the peak memory, in B×B matrices."""
    logits = torch.randn(n, n, device=device).requires_grad_()
    function = balanced_loss if name == "ours" else unrolled_loss
    if device == "cpu":
        Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew (Linux)
        before = resident_peak()
        function(logits, steps).backward()
        added = resident_peak() - before
    else:
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.max_memory_allocated()
        function(logits, steps).backward()
        added = torch.cuda.max_memory_allocated() - before
    print(f"B={n} k={steps} {name:<6} extra peak memory {added / (4 * n * n):.2f} B×B", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batches", type=int, nargs="+", default=[512, 2048, 4096])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--compile", action="store_true", help="time torch.compile of the chain, too")
    parser.add_argument("--only", choices=("logits", "features", "memory"), help="a part of the benchmark")
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    parser.add_argument("--peak", nargs=3, metavar=("WAY", "B", "K"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    torch.set_num_threads(1)
    if options.peak:
        peak(options.peak[0], int(options.peak[1]), int(options.peak[2]), options.device)
        return
    print(machine(options.device))
    for n in options.batches:
        if options.only in (None, "features"):
            from_features(n, options.rounds, options.device)
        if options.only in (None, "logits"):
            from_logits(n, options.rounds, options.compile, options.device)
    if options.only in (None, "memory"):
        for way, steps in (("ours", 1), ("ours", 2), ("ours", 5), ("chain", 1), ("chain", 5)):
            arguments = ["--peak", way, str(max(options.batches)), str(steps), "--device", options.device]
            subprocess.run([sys.executable, "-m", "benchmarks.losses", *arguments], check=True)


if __name__ == "__main__":
    main()

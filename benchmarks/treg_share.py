"""What share of a CLIP training step does T-REG take?

    python -m benchmarks.treg_share --device cuda --batches 512 1024 2048 4096
    python -m benchmarks.treg_share --model ViT-S-32 --batches 16 --rounds 2      # a processor, to see that it runs

Claim: on a GPU at most 5 % of a ViT-B/32 step in bf16. A step is forward, loss, backward and AdamW on random pictures
and tokens; it is timed with and without T-REG on both branches, interleaved, and the median of the rounds' shares is
printed.
"""

import argparse
import statistics
from collections.abc import Callable

import torch

from benchmarks.timing.clock import interleaved, machine
from tasks.training.config import LossConfig, RegulariserConfig
from tasks.training.recipes.contrastive_objective import ContrastiveObjective


def training_step(model: torch.nn.Module, batch: int, side: int, device: str, gamma: float) -> Callable[[], None]:
    """One step on random data; `gamma` 0 leaves T-REG out."""
    regulariser = RegulariserConfig(gamma=gamma, lambda_=gamma / 150)
    objective = ContrastiveObjective(model, LossConfig(), regulariser)
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-5, fused=True)
    generator = torch.Generator().manual_seed(0)
    images = torch.randn(batch, 3, side, side, generator=generator).to(device)
    texts = torch.randint(1, 49_407, (batch, 77), generator=generator).to(device)
    texts[:, -1] = 49_407  # end of text

    def step() -> None:
        optimiser.zero_grad(set_to_none=True)
        with torch.autocast(device, dtype=torch.bfloat16, enabled=device != "cpu"):
            measured = objective(images, texts)
        measured.loss.backward()
        optimiser.step()

    return step


def main() -> None:
    import open_clip

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    parser.add_argument("--model", default="ViT-B-32", help="a model that open_clip knows, with fresh weights")
    parser.add_argument("--batches", type=int, nargs="+", default=[512])
    parser.add_argument("--rounds", type=int, default=10)
    options = parser.parse_args()
    print(machine(options.device), options.model)
    model = open_clip.create_model(options.model).to(options.device)
    model.set_grad_checkpointing(max(options.batches) > 1_024)
    side = model.visual.image_size[0]
    for batch in options.batches:
        ways = {
            name: training_step(model, batch, side, options.device, gamma)
            for name, gamma in (("without", 0.0), ("with", 3e-3))
        }
        times = interleaved(ways, options.rounds, options.device)
        shares = [1 - plain / whole for plain, whole in zip(times["without"], times["with"], strict=True)]
        step = 1e3 * statistics.median(times["with"])
        print(f"B={batch}: a step {step:.1f} ms, T-REG {100 * statistics.median(shares):.1f} % of it", flush=True)


if __name__ == "__main__":
    main()

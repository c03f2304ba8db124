"""How many examples a second does the loop train on, against open_clip's program and plain DataLoader loops?

    python -m benchmarks.training heads                  # the paper's heads, batch 128, on stored embeddings
    python -m benchmarks.training towers                 # the same heads, against encoding the pictures at every step
    python -m benchmarks.training clip                   # a small ViT, against open_clip_train
    python -m benchmarks.training clip --model ViT-S-32 --batch 16 --steps 3
    python -m benchmarks.training heads --device cuda    # all of them take a GPU, too

Claims: a CLIP model at least as fast as open_clip_train on the same model, data, batch and precision; heads at least 10
times a plain loop. The latter holds against the loop that encodes pictures as it goes, by the number of epochs; not
against a DataLoader over the same stored embeddings on a processor, where both do the same products of matrices:
`heads` times these alone, the floor, and the way of the data alone, which is what a GPU would wait for.

Rates are of the loops alone: every way runs twice, short and long, and the difference counts. Rounds are interleaved,
times are CPU seconds of one thread (of all threads and without worker processes), and medians are printed.
"""

import argparse
import logging

import torch

from benchmarks.timing.clock import machine
from benchmarks.timing.rates import compare


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("heads", "towers", "clip"))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, help="steps that are timed")
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--rows", type=int, default=20_000, help="distinct examples (heads, towers)")
    parser.add_argument("--model", help="a model that open_clip knows (towers: ViT-B-32; clip: a small ViT)")
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    options = parser.parse_args()
    torch.set_num_threads(1)
    logging.disable(logging.WARNING)  # open_clip gives every logger in the process a level
    print(machine(options.device))
    budget = {"batch": options.batch, "rounds": options.rounds, "device": options.device}
    if options.what == "clip":
        from benchmarks.training_clip import clip_ways

        compare(clip_ways(options.model, options.batch, options.device), steps=options.steps or 16, **budget)
        return
    from benchmarks.training_heads import data_ways, head_ways, towers_ways

    if options.what == "heads":
        compare(head_ways(options.rows, options.batch, options.device), steps=options.steps or 200, **budget)
        compare(data_ways(options.rows, options.batch), steps=options.steps or 200, **budget)
        return
    ways = towers_ways(options.model or "ViT-B-32", options.rows, options.batch, options.device)
    each = compare(ways, steps=options.steps or 1, repeats={"ours": 100}, **budget)
    ours, towers, encode = each.values()
    seen = 5_000 * options.batch
    print(
        f"The paper's 5,000 steps on {options.rows:,} examples, encoding them once included: ours is "
        f"{seen * towers / (options.rows * encode + seen * ours):.1f}x (they are seen {seen / options.rows:.0f} times)"
    )


if __name__ == "__main__":
    main()

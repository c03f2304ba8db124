"""open_clip's own training program with a balanced loss in the place of CLIP's.

    python -m tasks.training.recipes.open_clip_main --half-steps 2 -- --model ViT-B-32 --train-data 'a/{0..9}.tar' …

Everything after `--` goes to `open_clip_train` as it is. The loss needs no change there: it has the contract of
`open_clip.ClipLoss`, and features are gathered with their gradients whatever `--gather-with-grad` says.
"""

import argparse
import sys
from collections.abc import Sequence

from tasks.training.losses.modules import BalancedClipLoss


def main(arguments: Sequence[str] | None = None) -> None:
    """Parse our two options, put the loss in place, and run open_clip's program with the rest."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    cut = given.index("--") if "--" in given else len(given)
    parser = argparse.ArgumentParser(
        prog="python -m tasks.training.recipes.open_clip_main", description=__doc__.splitlines()[0]
    )
    parser.add_argument("--half-steps", type=int, default=2, help="k of the balanced loss; 1 is CLIP's")
    parser.add_argument("--gradient", choices=("unrolled", "surrogate"), default="unrolled")
    ours = parser.parse_args(given[:cut])
    train_with(BalancedClipLoss(ours.half_steps, ours.gradient), given[cut + 1 :])


def train_with(loss: BalancedClipLoss, arguments: Sequence[str]) -> None:
    """Run `open_clip_train.main` with a loss of ours; its arguments are open_clip's."""
    from open_clip_train import main as program

    original = program.create_loss
    program.create_loss = lambda args: loss
    try:
        program.main(list(arguments))
    finally:
        program.create_loss = original


if __name__ == "__main__":
    main()

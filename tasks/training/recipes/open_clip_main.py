"""open_clip's own training program with a balanced loss in the place of CLIP's, or on a selection from its tars.

    python -m tasks.training.recipes.open_clip_main --half-steps 2 -- --model ViT-B-32 --train-data 'a/{0..9}.tar' …

With `--selection weights.parquet` it trains on the chosen samples of `--train-data`, each as often as it is drawn, as
`equipoise.select` does; `--selection-key json.uid` says where a sample's key stands (DataComp's tars).

Everything after `--` goes to `open_clip_train` as it is. The loss needs no change there: it has the contract of
`open_clip.ClipLoss`, and features are gathered with their gradients whatever `--gather-with-grad` says.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path

from tasks.training.loaders.choice import Choice
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
    parser.add_argument("--selection", type=Path, help="weights.parquet or subset.npy: what to draw from the tars")
    parser.add_argument("--selection-key", help="json.<field>, or sample; without: <tar's name>:<key in the tar>")
    ours = parser.parse_args(given[:cut])
    chosen = nullcontext() if ours.selection is None else selecting(Choice.of(ours.selection, ours.selection_key))
    with chosen:
        train_with(BalancedClipLoss(ours.half_steps, ours.gradient), given[cut + 1 :])


@contextmanager
def selecting(choice: Choice) -> Iterator[None]:
    """Within it, open_clip's training data of the type `webdataset` are the chosen samples of its tars.

    Its own pipeline stays as it is: shards are shuffled and split among nodes and workers, and samples shuffled again.
    The size of an epoch is that of the choice, unless `--train-num-samples` says another.
    """
    from open_clip_train import data

    samples, size = data.tarfile_to_samples_nothrow, data.get_dataset_size
    data.tarfile_to_samples_nothrow = lambda shards: choice(samples(shards))
    data.get_dataset_size = lambda shards: (choice.total, len(data.expand_urls(shards)[0]))
    try:
        yield
    finally:
        data.tarfile_to_samples_nothrow, data.get_dataset_size = samples, size


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

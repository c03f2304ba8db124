"""Train on a curated choice of tars that you have already: nothing is copied, no tar is written.

First `equipoise export CONFIG OUT --format weights`. open_clip's own program takes the same file:

    python -m tasks.training.recipes.open_clip_main --selection OUT/weights.parquet -- --train-data '{0..9}.tar' …
"""

import sys
from collections import Counter

import webdataset

from equipoise import select


def main(tars: str, weights: str) -> dict[str, int]:
    """Read two epochs in batches; return how often each caption came in the second."""
    chosen = select(tars, weights, seed=0)  # key="json.uid" for DataComp's tars
    pipeline = chosen.to_tuple("jpg;png;webp", "txt").batched(2)  # and .decode("pilrgb"), .map_tuple(preprocess, …)
    loader = webdataset.WebLoader(pipeline, batch_size=None, num_workers=0)  # more workers: pieces are split

    for epoch in range(2):
        chosen.set_epoch(epoch)
        seen: Counter[str] = Counter()
        for _images, captions in loader:
            seen.update(caption.decode() for caption in captions)
        print(f"epoch {epoch}: {seen.total()} samples, {len(seen)} different")
    return dict(seen)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(f"usage: python {sys.argv[0]} 'TARS-{{0..9}}.tar' OUT/weights.parquet")
    main(*sys.argv[1:])

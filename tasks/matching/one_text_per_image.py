"""Several texts for one image: choose one of them before anything is counted.

MetaCLIP 2 counts all of an image's texts and then trains on one: a tail keyword is counted where it is never seen,
and so is sampled too rarely. Here the choice comes first, and the counts are those of the chosen texts.
"""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from storage.draws import words
from tasks.arrays import Bools, Ids
from tasks.ingest.columns.xxh3 import row_ids


def image_key(key: str) -> str:
    """The image's part of a pair's key: ingest writes `<image>#<text>` where an image has several texts."""
    return key.rpartition("#")[0] or key


def image_ids(pairs: pa.Table) -> Ids:
    """Identities of the rows' images, uint64 `[n]`, from the columns `source` and `key`, as `image_key` tells them."""
    images = pc.replace_substring_regex(pairs["key"].combine_chunks(), r"(?s)^(.+)#[^#]*$", r"\1")
    images = images.cast(pa.large_binary())
    ids = np.zeros(pairs.num_rows, dtype=np.uint64)
    for source in pc.unique(pairs["source"]):
        rows = pc.equal(pairs["source"].combine_chunks(), source)
        ids[rows.to_numpy(zero_copy_only=False)] = row_ids(source.as_py(), images.filter(rows))
    return ids


def choose_one_text(ids: Ids, images: Ids, *, seed: int) -> Bools:
    """Which rows to keep, bool `[n]`: of every image the row whose hash draw is least.

    `ids` uint64 `[n]` name the rows and are all different, `images` uint64 `[n]` their images. The choice depends on
    ids alone, not on order or shards.
    """
    draws = words(ids, seed=seed, purpose="choose text")
    order = np.lexsort((ids, draws, images))
    first = np.ones(ids.size, dtype=bool)
    first[1:] = images[order][1:] != images[order][:-1]
    chosen = np.zeros(ids.size, dtype=bool)
    chosen[order[first]] = True
    return chosen

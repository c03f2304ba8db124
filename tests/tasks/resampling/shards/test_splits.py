"""Splits by image: its identity, its side, and no image on both."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa

from storage.tables.schemas import PAIRS
from tasks.resampling.config import CurateConfig
from tasks.resampling.shards.splits import held_out, image_ids
from tasks.resampling.stats import GatherStats, RealiseStats
from tests.tasks.balancing.builders import World
from tests.tasks.resampling.chains import run


def pairs_of(images: list[dict | None]) -> pa.Table:
    """Pairs with the given images, ids 1, 2, …."""
    rows = [
        {"id": i, "key": f"k{i}", "caption": "", "image": image, "label": None, "source": "s"}
        for i, image in enumerate(images, start=1)
    ]
    return pa.Table.from_pylist(rows, schema=PAIRS)


def test_no_image_is_on_both_sides(tmp_path: Path) -> None:
    """Rows 2i and 2i + 1 of the test world share their image's bytes."""
    found = run(tmp_path, World(), CurateConfig(validation=0.3, rows_per_shard=100), groups=4)
    sides = [found.table(found.curated, f"{name}-*.parquet") for name in ("curated", "validation")]
    images = [set(image_ids(side).tolist()) for side in sides]
    assert images[0] and images[1] and not images[0] & images[1]
    share = sides[1].num_rows / (sides[0].num_rows + sides[1].num_rows)
    assert 0.15 < share < 0.45
    assert sides[0].num_rows + sides[1].num_rows == RealiseStats.of(found.realised).distinct
    stats = GatherStats.of(found.curated[0])
    assert (stats.rows, stats.validation_rows) == (sides[0].num_rows, sides[1].num_rows)


def test_image_identity_is_bytes_then_path_then_row() -> None:
    found = image_ids(
        pairs_of(
            [
                {"bytes": b"a", "path": "x"},
                {"bytes": b"a", "path": "y"},
                {"bytes": None, "path": "x"},
                {"bytes": None, "path": "x"},
                None,
            ]
        )
    )
    assert found[0] == found[1] and found[2] == found[3] and found[4] == 5 and len(set(found.tolist())) == 3
    assert len(image_ids(pairs_of([]))) == 0


def test_the_held_out_share_grows_without_moving_an_image_back() -> None:
    table = pairs_of([{"bytes": f"image {i}".encode(), "path": None} for i in range(2000)])
    sides = [held_out(table, share, seed=3) for share in (0, 0.1, 0.3, 1)]
    assert not sides[0].any() and sides[3].all()
    for share, side in zip((0.1, 0.3), sides[1:3], strict=True):
        assert abs(side.mean() - share) < 4 * np.sqrt(share * (1 - share) / 2000)
    assert (sides[2] | ~sides[1]).all()
    assert (held_out(table, 0.3, seed=4) != sides[2]).any()


def test_a_side_depends_on_the_image_alone() -> None:
    images = [{"bytes": f"image {i}".encode(), "path": None} for i in range(300)]
    whole = held_out(pairs_of(images), 0.4, seed=0)
    np.testing.assert_array_equal(held_out(pairs_of(images[100:]), 0.4, seed=0), whole[100:])

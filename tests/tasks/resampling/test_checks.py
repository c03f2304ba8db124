"""Checks of a selection and its shards."""

from pathlib import Path

from storage.tables.schemas import CURATED
from storage.tables.shards import write_table
from tasks.resampling.checks import JUDGES
from tasks.resampling.stats import GatherStats, RealiseStats
from tests.tasks.judged import output, verdict

DRAWN = RealiseStats(method="residual", unit="rows", size=100, expected_size=100, scale=1, own_inclusion=False,
                     distinct=80, duplicates=20, largest_multiplicity=3, effective_sample_size=60, total_variation=0.1,
                     kl=0.1, lost_keywords=0, mean_bytes=10)  # fmt: skip
WRITTEN = GatherStats(rows=10, validation_rows=2, shards=1, bytes=9, repeated_ids=0, split_ids=0)


def test_the_selection() -> None:
    assert verdict(output("realise", DRAWN)) == dict.fromkeys(
        ("resampling.rows", "resampling.effective_sample_size", "resampling.total_variation"), True
    )
    nothing = DRAWN.model_copy(update={"size": 0, "effective_sample_size": 0.0, "total_variation": 1.0})
    assert not any(verdict(output("realise", nothing)).values())


def test_shards(tmp_path: Path) -> None:
    write_table(tmp_path / "curated-0.parquet", CURATED.empty_table())
    files = ("curated-0.parquet",)
    assert verdict(output("gather", WRITTEN, files), tmp_path) == dict.fromkeys(
        ("resampling.columns", "resampling.repeated_ids", "resampling.split_ids"), True
    )
    bad = WRITTEN.model_copy(update={"repeated_ids": 1, "split_ids": 3})
    found = verdict(output("gather", bad, files), tmp_path)
    assert not found["resampling.repeated_ids"] and not found["resampling.split_ids"]
    neither = WRITTEN.model_copy(update={"repeated_ids": None, "split_ids": None})
    assert list(verdict(output("gather", neither, files), tmp_path)) == ["resampling.columns"]
    assert set(JUDGES) == {"realise", "gather"}

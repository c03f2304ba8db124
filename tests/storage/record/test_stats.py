"""A stage's figures: JSON in the manifest, a typed model for readers."""

import math
from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from storage.caching.stage import stage
from storage.errors import StoreError
from storage.record.manifest import Manifest
from storage.record.stats import Stats, as_json
from storage.store.workspace import Runtime, Workspace


class CountStats(Stats):
    """Two figures."""

    rows: int
    share: float | None = None


@stage("typed count", version=1, modules=())
def typed_count(rows: int, *, work: Workspace) -> CountStats:
    """Writes one line."""
    (work.output / "rows.txt").write_text(str(rows))
    return CountStats(rows=rows)


def test_what_a_stage_returns_is_what_a_reader_gets(runtime: Runtime) -> None:
    manifest = typed_count.run(3, runtime=runtime)
    assert manifest.stats == {"rows": 3, "share": None}
    assert CountStats.of(manifest) == CountStats(rows=3)


def test_other_figures_are_refused_with_the_mend(runtime: Runtime) -> None:
    other = Manifest(stage="x", key="k", digest="d", files=(), code="c", stats={"row": 3}, created=datetime.now(UTC))
    with pytest.raises(StoreError, match=r"figures of x/k are not CountStats \(rows: .*--discard"):
        CountStats.of(other)


def test_figures_are_what_json_can_hold() -> None:
    assert as_json({"a": 1}) == {"a": 1}
    with pytest.raises(ValidationError):
        CountStats(rows=1, share=math.nan)

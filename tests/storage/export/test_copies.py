"""The numbering of copies: any stretch of it can be read by itself."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.export.copies import Copies
from storage.export.samples import Sample
from tests.storage.export.curated import curated, row


def ids(copies: Copies, start: int, stop: int) -> list[int]:
    return [sample.id for _, _, sample in copies.samples(start, stop) if isinstance(sample, Sample)]


def test_each_row_comes_once_before_any_comes_twice(tmp_path: Path) -> None:
    paths = curated(tmp_path / "in", [row(n, multiplicity=m) for n, m in enumerate((1, 3, 0, 2))], rows_per_shard=2)
    copies = Copies.of(paths)
    assert copies.total == 6 and ids(copies, 0, 6) == [0, 1, 3, 1, 3, 1]
    assert ids(Copies.of(paths, most=1), 0, 3) == [0, 1, 3]
    assert [(number, copy) for number, copy, _ in copies.samples(2, 5)] == [(2, 0), (3, 1), (4, 1)]


def test_no_rows(tmp_path: Path) -> None:
    assert Copies.of(curated(tmp_path / "in", [])).total == 0
    assert list(Copies.of(curated(tmp_path / "in", [row(1, multiplicity=0)])).samples(0, 9)) == []
    assert Copies.of([]).total == 0


@given(st.lists(st.integers(0, 5), min_size=1, max_size=30), st.integers(1, 9), st.integers(1, 9))
def test_stretches_join_to_the_whole_whatever_the_shards(
    tmp_path_factory: pytest.TempPathFactory, many: list[int], per_shard: int, step: int
) -> None:
    rows = [row(number, multiplicity=count, image=None, caption="x") for number, count in enumerate(many)]
    copies = Copies.of(curated(tmp_path_factory.mktemp("in"), rows, per_shard))
    places = [
        (int(stretch.path.stem[-5:]) * per_shard + place, stretch.copy)
        for start in range(0, copies.total, step)
        for stretch in copies.stretches(start, min(start + step, copies.total))
        for place in stretch.rows.tolist()
    ]
    assert places == [(n, copy) for copy in range(max(many, default=0)) for n, m in enumerate(many) if m > copy]

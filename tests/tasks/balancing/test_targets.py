"""Targets in the units of the base, from arithmetic and from files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from storage.errors import InputError
from storage.tables.shards import write_table
from tasks.balancing.config import CappedTarget, FileTarget, MixtureTarget, TemperedTarget, UniformTarget
from tasks.balancing.matrix.incidence import incidence_of
from tasks.balancing.targets import base_measure, capped, from_table, mixture, target_masses, tempered, uniform

BASE = np.array([100.0, 10.0, 0.0, 1.0])
WORDS = list("abcd")


def test_base_is_in_captions_either_way() -> None:
    matrix = incidence_of([[0, 1], [0], [0, 1, 2]], 4)
    np.testing.assert_allclose(base_measure(matrix, "pairs"), [3, 2, 1, 0])
    np.testing.assert_allclose(base_measure(matrix, "rows"), [0.5 + 1 + 1 / 3, 0.5 + 1 / 3, 1 / 3, 0])
    assert base_measure(matrix, "rows").sum() == pytest.approx(3)


def test_shapes_of_the_targets() -> None:
    np.testing.assert_allclose(uniform(BASE), [1, 1, 0, 1])
    np.testing.assert_allclose(capped(BASE, 5), [5, 5, 0, 1])
    np.testing.assert_allclose(tempered(BASE, 0.5), [10, np.sqrt(10), 0, 1])
    np.testing.assert_allclose(tempered(BASE, 0.0), uniform(BASE))
    np.testing.assert_allclose(
        mixture([capped(BASE, 5), BASE], [1, 3]), 0.25 * capped(BASE, 5) / 11 + 0.75 * BASE / 111
    )


@pytest.mark.parametrize("suffix", ["parquet", "csv", "tsv"])
def test_file_target_by_text(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"target.{suffix}"
    if suffix == "parquet":
        write_table(path, pa.table({"text": ["NA", "b"], "target": [2.0, 1.0]}))
    else:
        mark = "," if suffix == "csv" else "\t"
        path.write_text(f"text{mark}target\nNA{mark}2\nb{mark}1\n", encoding="utf-8")
    np.testing.assert_allclose(from_table(path, ["a", "b", "NA"]), [0, 1, 2])


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("text,target\nz,1\n", "row 1.*not in the keyword list"),
        ("text,target\na,1\na,2\n", "row 2.*already"),
        ("text,target\na,-1\n", "row 1.*finite"),
        ("text,share\na,1\n", "no column 'target'"),
        ("text,target\na,much\n", "not a number"),
    ],
)
def test_a_bad_file_is_refused_with_its_row(tmp_path: Path, content: str, words: str) -> None:
    path = tmp_path / "target.csv"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match=words):
        from_table(path, ["a", "b"])


@pytest.mark.parametrize("base", [[100, 10, 0, 1], np.array([100, 10, 0, 1], dtype=np.uint8), BASE.astype(np.float32)])
def test_counts_are_a_base_too(base) -> None:
    for target, parameter in ((capped, 5), (capped, np.float32(5)), (tempered, 1), (tempered, np.float16(0.5))):
        found = target(base, parameter)
        np.testing.assert_allclose(found, target(BASE, float(parameter)), rtol=1e-12)
        assert found.dtype == np.float64
    np.testing.assert_array_equal(uniform(base), uniform(BASE))


def test_shares_of_any_kind_make_the_same_mixture() -> None:
    parts = [capped(BASE, 5), BASE]
    wanted = mixture(parts, [200, 100])
    for shares in (np.array([200, 100], dtype=np.uint8), np.array([2, 1], dtype=np.float16), (2, 1)):
        np.testing.assert_array_equal(mixture(parts, shares), wanted)
        np.testing.assert_array_equal(mixture(np.stack(parts), shares), wanted)
    for shares in ([-1, 2], [0, 0], [1]):
        with pytest.raises(InputError, match="shares"):
            mixture(parts, shares)


def test_configured_mixture() -> None:
    config = MixtureTarget.model_validate(
        {
            "parts": [
                {"target": {"kind": "uniform"}, "share": 1},
                {"target": {"kind": "tempered", "alpha": 1}, "share": 1},
            ]
        }
    )
    found = target_masses(config, BASE, ["a", "b", "c", "d"])
    np.testing.assert_allclose(found, 0.5 * uniform(BASE) / 3 + 0.5 * BASE / 111)


def test_each_target_is_its_function(tmp_path: Path) -> None:
    path = tmp_path / "target.parquet"
    write_table(path, pa.table({"text": ["b", "d"], "target": [2.0, 1.0]}))
    for config, wanted in (
        (UniformTarget(), uniform(BASE)),
        (CappedTarget(t=5), capped(BASE, 5)),
        (TemperedTarget(alpha=0.3), tempered(BASE, 0.3)),
        (FileTarget(path=path), [0, 2, 0, 1]),
    ):
        np.testing.assert_array_equal(target_masses(config, BASE, WORDS), wanted)
    with pytest.raises(InputError, match="no mass to any keyword"):
        target_masses(UniformTarget(), np.zeros(4), WORDS)

"""Targets in the units of the base, from arithmetic and from files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pydantic import TypeAdapter, ValidationError

from storage.errors import InputError
from storage.tables.shards import write_table
from tasks.balancing.config import BalancingConfig, CalibrateConfig, FileTarget, MixtureTarget, RakeConfig
from tasks.balancing.matrix.incidence import incidence_of
from tasks.balancing.solve import target_masses
from tasks.balancing.targets import base_measure, capped, from_table, mixture, tempered, uniform

BASE = np.array([100.0, 10.0, 0.0, 1.0])


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


def test_the_content_of_a_target_file_enters_the_configuration(tmp_path: Path) -> None:
    path = tmp_path / "target.csv"
    path.write_text("text,target\na,1\n", encoding="utf-8")
    before = FileTarget(path=path)
    assert before.fingerprint and before.checked_path() == path
    path.write_text("text,target\na,2\n", encoding="utf-8")
    assert FileTarget(path=path).fingerprint != before.fingerprint
    with pytest.raises(InputError, match="changed"):
        before.checked_path()
    with pytest.raises(ValidationError, match="does not exist"):
        FileTarget(path=tmp_path / "absent.csv")


def test_configurations_are_told_apart_by_method() -> None:
    read = TypeAdapter(BalancingConfig).validate_python
    assert isinstance(read({"method": "rake", "steps": ["x", "y"]}), RakeConfig)
    assert isinstance(read({"method": "calibrate", "target": {"kind": "capped", "t": 5}}), CalibrateConfig)
    bad = [
        {"method": "threshold"},
        {"method": "threshold", "t": 2, "size": 3},
        {"method": "calibrate", "target": {"kind": "uniform"}},
        {"method": "calibrate", "effective_sample_size": 10},
        {"method": "rake", "steps": ["z"]},
        {"method": "rake", "steps": -1},
        {"method": "rake", "step": 1},
        {"method": "prune"},
    ]
    for values in bad:
        with pytest.raises(ValidationError):
            read(values)

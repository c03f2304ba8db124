"""Benchmarks as evaluation's tests make them."""

from pathlib import Path

import pytest

from tests.tasks.evaluation.conftest import COLOURS, write_classification, write_retrieval


@pytest.fixture
def colours(tmp_path: Path) -> Path:
    return write_classification(tmp_path / "colours", list(COLOURS))


@pytest.fixture
def captions(tmp_path: Path) -> Path:
    return write_retrieval(tmp_path / "captions")

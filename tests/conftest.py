"""Fixtures that every room uses."""

import os
from pathlib import Path

import pytest

from storage.workspace import Runtime

SHARED_DATA = Path(os.environ.get("EQUIPOISE_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))


@pytest.fixture
def shared_data() -> Path:
    """The folder of real images and captions beside the project; the test is skipped, by name, where it is absent."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"real data not found at {SHARED_DATA} (set EQUIPOISE_DATA)")
    return SHARED_DATA


@pytest.fixture
def runtime(tmp_path: Path) -> Runtime:
    """A runtime with a store of its own."""
    return Runtime(store=tmp_path / "store")

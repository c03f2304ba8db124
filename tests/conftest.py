"""Fixtures that every room uses."""

import logging
import os
import random
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings

from storage.store.workspace import Runtime
from tests.paths import SHARED_DATA

# Hypothesis draws the same examples on every machine, so that a red run means a change and can be repeated;
# `HYPOTHESIS_PROFILE=explore` draws new ones.
settings.register_profile("same", derandomize=True, deadline=None)  # a busy machine is no fault
settings.register_profile("explore", derandomize=False, print_blob=True, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))


@pytest.fixture(autouse=True)
def same_chance() -> None:
    """Every test begins with the same states of chance, whichever tests its process ran before."""
    random.seed(0)
    np.random.seed(0)
    if torch := sys.modules.get("torch"):
        torch.manual_seed(0)


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


@pytest.fixture(scope="session")
def prefect_server() -> Iterator[None]:
    """A real Prefect server with a database of its own, started once for all the tests that need one."""
    from prefect.testing.utilities import prefect_test_harness

    with prefect_test_harness(server_startup_timeout=120):
        yield


@pytest.fixture
def loggers_as_they_were() -> Iterator[None]:
    """open_clip's program gives the root logger handlers and every logger a level; take them back."""
    root = logging.getLogger()
    known = [root, *(logging.getLogger(name) for name in list(logging.root.manager.loggerDict))]
    handlers, levels = root.handlers[:], [logger.level for logger in known]
    yield
    root.handlers[:] = handlers
    for logger, level in zip(known, levels, strict=True):
        logger.setLevel(level)

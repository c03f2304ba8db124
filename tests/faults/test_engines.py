"""Kills and signals under every engine, in series."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.faults.engines import SERIES, Series
from tests.faults.place import Ended, Place
from tests.faults.servers import server
from tests.faults.test_ray import two_nodes


@pytest.fixture(scope="module")
def prefect(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, str]]:
    """What names a Prefect server."""
    with server(tmp_path_factory.mktemp("prefect") / "home") as settings:
        yield settings


@pytest.fixture(scope="module")
def ray() -> Iterator[Mapping[str, str]]:
    """What names a Ray cluster of two nodes."""
    pytest.importorskip("ray")
    with two_nodes() as (settings, _):
        yield settings


@pytest.mark.slow
@pytest.mark.parametrize("series", SERIES, ids=lambda series: f"{series.kind}: {series.name}")
def test_series(
    series: Series, undisturbed: tuple[Place, Ended], tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    whole, ended = undisturbed
    series.check(tmp_path, whole, ended, request.getfixturevalue(series.needs) if series.needs else {})

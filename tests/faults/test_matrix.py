"""Every fault of the matrix, done to a copy of a place where everything had run."""

from pathlib import Path

import pytest

from tests.faults.matrix import FAULTS, STAGES, Fault
from tests.faults.place import Ended, Place


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Place, Ended]:
    """The experiment, run from beginning to end, and how that ended."""
    place = Place(tmp_path_factory.mktemp("undisturbed"))
    ended = place.run()
    assert (ended.status, ended.error) == (0, "")
    return place, ended


@pytest.mark.slow
def test_every_stage_is_killed(undisturbed: tuple[Place, Ended]) -> None:
    place, _ = undisturbed
    assert {manifest.stage for manifest in place.store.manifests()} == set(STAGES)


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault.kind}: {fault.name}")
def test_fault(fault: Fault, undisturbed: tuple[Place, Ended], tmp_path: Path) -> None:
    place, ended = undisturbed
    fault.check(place.copy(tmp_path / "place"), ended)

"""Every fault of the matrix, done to a copy of a place where everything had run."""

from pathlib import Path

import pytest

from tests.faults.matrix import FAULTS, STAGES, Fault
from tests.faults.place import Ended, Place


@pytest.mark.slow
def test_every_stage_is_killed(undisturbed: tuple[Place, Ended]) -> None:
    place, _ = undisturbed
    assert {manifest.stage for manifest in place.store.manifests()} == set(STAGES)


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault.kind}: {fault.name}")
def test_fault(fault: Fault, undisturbed: tuple[Place, Ended], tmp_path: Path) -> None:
    place, ended = undisturbed
    fault.check(place.copy(tmp_path / "place"), ended)

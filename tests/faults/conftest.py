"""What most faults begin with."""

import pytest

from tests.faults.place import Ended, Place


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Place, Ended]:
    """The experiment, run from beginning to end in threads, and how that ended."""
    place = Place(tmp_path_factory.mktemp("undisturbed"))
    ended = place.run()
    assert (ended.status, ended.error) == (0, "")
    return place, ended

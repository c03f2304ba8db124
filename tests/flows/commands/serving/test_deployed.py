"""A deployment that stands already: its schedule stays, and nobody's is taken over unseen."""

import shutil
from pathlib import Path

import pytest

from flows.commands.serving.deploy import deploy_experiment
from flows.commands.serving.deployed import Deployed, deployed, refuse_anothers
from flows.config.pipeline import load_experiment
from storage.errors import InputError
from tests.flows.conftest import edit


@pytest.mark.slow
def test_a_schedule_stays_until_another_is_given_or_it_is_put_off(
    small: Path, prefect_server: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = edit(small, name="scheduled", training=None, evaluation=None, encoder=None, geometry=None)
    monkeypatch.chdir(own.parent)

    def starts(**given: str) -> str:
        return deploy_experiment(load_experiment(own), own.name, pool="local", **given)[1]

    assert starts() == "by hand only; --cron gives it a schedule"
    assert starts(cron="0 3 * * *", timezone="Europe/Paris") == "by 0 3 * * *, Europe/Paris"
    assert starts() == "by 0 3 * * *, Europe/Paris"
    found = deployed("curate/scheduled")
    assert found and found.file == own and len(found.schedules) == 1
    whole = deployed("pipeline/scheduled")
    assert whole and not whole.schedules  # only the first verb starts by itself

    other = own.with_name("other.yaml")
    shutil.copy(own, other)
    with pytest.raises(InputError, match=r"curate/scheduled is deployed from .* already.*--replace"):
        deploy_experiment(load_experiment(other), str(other), pool="local")
    names, when = deploy_experiment(load_experiment(other), str(other), pool="local", cron="off", replace=True)
    assert names == ["curate/scheduled", "pipeline/scheduled"] and when.startswith("by hand only")
    assert (found := deployed("curate/scheduled")) and found.file == other and not found.schedules


def test_who_names_one_file_by_another_path_is_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "link").symlink_to(tmp_path)
    monkeypatch.chdir(tmp_path)
    refuse_anothers("curate/x", None, "x.yaml")
    refuse_anothers("curate/x", Deployed(Path("/"), tmp_path / "link" / "x.yaml", ()), "x.yaml")
    refuse_anothers("curate/x", Deployed(tmp_path / "link", None, ()), "x.yaml")  # held the values of a file of here
    refuse_anothers("curate/x", Deployed(tmp_path, tmp_path / "y.yaml", ()), {"name": "x"})
    for other in (Deployed(tmp_path, tmp_path / "y.yaml", ()), Deployed(tmp_path / "clone", None, ())):
        with pytest.raises(InputError, match="already"):
            refuse_anothers("curate/x", other, "x.yaml")

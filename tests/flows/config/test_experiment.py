"""What every experiment has: its folder, its store, its runtime."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from flows.config.experiment import Experiment


class Plain(Experiment):
    """Nothing but what every experiment has."""

    whole = "curate"


def test_all_experiments_share_a_store_unless_one_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EQUIPOISE_STORE", raising=False)
    assert Plain(name="a").runtime.store == Plain(name="b").runtime.store == Path("runs/store")
    assert Plain(name="a", output=Path("disk/out")).runtime.store == Path("disk/store")
    monkeypatch.setenv("EQUIPOISE_STORE", "/shared/store")
    assert Plain(name="a").runtime.store == Path("/shared/store")
    assert Plain(name="a", store=Path("mine")).runtime.store == Path("mine")


def test_a_store_of_its_own_from_before_stays_in_use(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("EQUIPOISE_STORE", raising=False)
    experiment = Plain(name="a", output=tmp_path / "a")
    assert experiment.runtime.store == tmp_path / "store"
    (tmp_path / "a" / "store").mkdir(parents=True)
    assert experiment.runtime.store == tmp_path / "a" / "store"


def test_no_run_lies_in_the_store(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValidationError, match="both the run's folder and the store"):
        Plain(name="store")


def test_how_and_where_an_experiment_runs_is_not_what_it_computes(tmp_path: Path) -> None:
    elsewhere = Plain(name="a", output=tmp_path, store=tmp_path / "s", device="cuda", workers=9, parallel=9)
    assert elsewhere.computes() == Plain(name="a").computes() == {"name": "a"}


@pytest.mark.parametrize("name", ["", "a/b", "a b", "a\nb", ".", "..", ".hidden", "-a", "a" * 101])
def test_a_name_is_one_part_of_a_path(name: str) -> None:
    with pytest.raises(ValidationError, match="name"):
        Plain(name=name)

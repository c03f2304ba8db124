"""What every experiment has: its folder, its store, its runtime."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from flows.config.experiment import Experiment


class Plain(Experiment):
    """Nothing but what every experiment has."""

    whole = "curate"


def test_the_store_is_the_given_one_or_the_environments_or_the_runs_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EQUIPOISE_STORE", raising=False)
    assert Plain(name="a").runtime.store == Path("runs/a/store")
    assert Plain(name="a", output=Path("out")).runtime.store == Path("out/store")
    monkeypatch.setenv("EQUIPOISE_STORE", "/shared/store")
    assert Plain(name="a").runtime.store == Path("/shared/store")
    assert Plain(name="a", store=Path("mine")).runtime.store == Path("mine")


@pytest.mark.parametrize("name", ["", "a/b", "a b", "a\nb"])
def test_a_name_is_one_part_of_a_path(name: str) -> None:
    with pytest.raises(ValidationError, match="name"):
        Plain(name=name)

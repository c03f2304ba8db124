"""Paths of this machine, as a person writes them in a configuration."""

from pathlib import Path

import pytest

from storage.config import Config
from storage.places.local import LocalPath
from storage.places.place import Place


class Held(Config):
    local: LocalPath | None = None
    anywhere: Place | None = None


@pytest.mark.parametrize("field", ["local", "anywhere"])
def test_a_tilde_is_the_home_folder(field: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert getattr(Held(**{field: "~/data/a b"}), field) == tmp_path / "data" / "a b"
    assert getattr(Held(**{field: "data/~x"}), field) == Path("data/~x")
    assert getattr(Held(**{field: "."}), field) == Path()


@pytest.mark.parametrize("field", ["local", "anywhere"])
@pytest.mark.parametrize(
    ("text", "said"),
    [("", "is empty"), (" \t", "is empty"), ("~nobody-here/x", "such user"), ("a\0b", "null character")],
)
def test_what_is_no_path_is_refused(field: str, text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Held(**{field: text})


def test_a_url_is_no_path_of_this_machine() -> None:
    with pytest.raises(ValueError, match="must be a path of this machine"):
        Held(local="s3://bucket/x")
    assert str(Held(anywhere="memory://bucket/x").anywhere) == "memory://bucket/x"

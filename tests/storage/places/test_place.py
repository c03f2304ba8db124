"""Paths and URLs in one type: what is taken for which, and what is refused."""

import pickle
from pathlib import Path
from typing import Annotated

import pytest

from storage.config import Config, NotInKey
from storage.errors import InputError
from storage.places.place import Place, is_url, place


class Held(Config):
    path: Annotated[Place, NotInKey()]
    other: Annotated[Place | None, NotInKey()] = None


@pytest.mark.parametrize("text", ["data/a.tar", "/data", "C:\\x", "a:b/c", "~/x"])
def test_paths_stay_paths(text: str) -> None:
    assert place(text) == Path(text)
    assert not is_url(place(text))


@pytest.mark.parametrize("text", ["file:///data/a%20b.tar", "local:///data/a b.tar"])
def test_a_file_url_is_a_path(text: str) -> None:
    assert place(text) == Path("/data/a b.tar")


@pytest.mark.parametrize("text", ["memory://a/b.tar", "http://host/a/b.tar", "s3://bucket/a.tar"])
def test_urls_keep_their_spelling_in_a_configuration(text: str) -> None:
    held = Held(path=text, other=text)
    assert is_url(held.path) and str(held.path) == text
    assert held.model_dump(mode="json") == {"path": text, "other": text}
    assert Held.model_validate_json(held.model_dump_json()) == held
    assert str(pickle.loads(pickle.dumps(held)).path) == text


def test_the_form_of_a_place_is_a_text() -> None:
    assert Held.model_json_schema()["properties"]["path"]["type"] == "string"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("nothing://a", "no nothing:// is known"),
        ("https://me:secret@host/a", "holds a password"),
        (Path("s3://bucket/a"), "give it as text"),
    ],
)
def test_what_cannot_be_read_is_said_at_once(given: str | Path, said: str) -> None:
    with pytest.raises(InputError, match=said) as error:
        Held(path=given)
    assert "secret" not in str(error.value)


def test_a_missing_package_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "upath", None)
    with pytest.raises(InputError, match=r"pip install 'equipoise\[remote\]'"):
        place("memory://a")


def test_a_number_is_no_place() -> None:
    with pytest.raises(ValueError, match="must be text"):
        Held(path=3)

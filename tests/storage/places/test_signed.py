"""Addresses with a signature: sent to the server, in no text."""

import copy
import pickle
from pathlib import Path

import pytest

pytest.importorskip("upath")

from storage.errors import InputError
from storage.places.place import absolute, beside, place, whole_address
from storage.places.retry import sentence
from storage.places.signed import SignedPath
from storage.record.external import external
from tests.servers import serve

URL = "https://host/folder/a.parquet?versionId=7&X-Amz-Signature=SECRET"


def test_its_texts_lack_the_signature_and_its_path_has_it() -> None:
    found = place(URL)
    assert isinstance(found, SignedPath) and found.path == whole_address(found) == URL
    shown = (
        str(found),
        repr(found),
        f"{found}",
        found.name,
        *map(str, found.parts),
        str(found.parent),
        str(found / "b"),
    )
    assert "SECRET" not in " ".join(shown) and found.name == "a.parquet?versionId=7"


def test_it_goes_wherever_the_address_goes() -> None:
    found = place(URL)
    assert isinstance(found, SignedPath)
    for same in (pickle.loads(pickle.dumps(found)), copy.deepcopy(found), found.parent / found.name):
        assert same == found and hash(same) == hash(found) and whole_address(same) == URL
    other = beside(found, "https://host/folder/b.parquet")
    assert whole_address(other) == "https://host/folder/b.parquet?X-Amz-Signature=SECRET"
    assert not isinstance(place("https://host/folder/b.parquet"), SignedPath)
    assert beside(Path("/a"), "/b") == Path("/b")


def test_what_is_read_is_asked_for_with_it_and_a_renewed_one_is_the_same_source(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("hello")
    with serve(tmp_path) as server:
        first = place(f"{server.url}/a.txt?sig=ONE")
        known = external(first, tmp_path / "store")
        assert known.fingerprint == external(place(f"{server.url}/a.txt?sig=TWO"), tmp_path / "store").fingerprint
        assert "ONE" not in known.model_dump_json()
        with pytest.raises(InputError) as told:
            external(place(f"{server.url}/absent.txt?sig=ONE"), tmp_path / "store")
    assert "absent.txt" in str(told.value) and "ONE" not in str(told.value)


def test_errors_and_references_do_not_hold_it() -> None:
    assert (
        sentence(OSError(f"403 of {URL}"))
        == "OSError: 403 of https://host/folder/a.parquet?versionId=7&X-Amz-Signature=…"
    )
    with pytest.raises(InputError, match="image_content: keep") as told:
        absolute(place(URL))
    assert "SECRET" not in str(told.value)

"""Samples as drafts: an image is shared by its captions, and a refused sample is one draft."""

import pytest

from storage.errors import InputError
from tasks.ingest.columns.known_ids import KnownIds
from tasks.ingest.sources.webdataset.config import WebdatasetConfig
from tasks.ingest.sources.webdataset.drafts import Gathering
from tasks.ingest.tars.samples import Sample


def gathering(**options: object) -> Gathering:
    return Gathering(WebdatasetConfig(name="w", path="w.tar", **options), "0.tar", KnownIds(), None)


def sample(key: str, **parts: bytes) -> Sample:
    names = {extension: f"{key}.{extension}" for extension in parts}
    return Sample(key, dict(parts), names, {extension: (512, len(body)) for extension, body in parts.items()})


def test_captions_share_their_image() -> None:
    drafts = gathering(lines=True, verify="none").of_samples(
        [sample("a", txt=b"1\n2", jpg=b"x"), sample("b", txt=b"", jpg=b"y"), sample("c", txt=b"3", jpg=b"z")]
    )
    assert drafts.keys.to_pylist() == [b"0.tar:a#0", b"0.tar:a#1", b"0.tar:b", b"0.tar:c#0"]
    assert drafts.images is not None and list(drafts.faults) == [2]
    loaded = [drafts.images.load(place) for place in (0, 1, 3)]
    assert [getattr(image, "content", None) for image in loaded] == [b"x", b"x", b"z"]


def test_a_score_must_be_somewhere() -> None:
    made = gathering(scores=("clip",))
    made.require_carried()  # of no samples nothing can be said
    made.of_samples([sample("a", txt=b"1", jpg=b"x", json=b"{}")])
    with pytest.raises(InputError, match="has 'clip' in its"):
        made.require_carried()
    made.of_samples([sample("b", txt=b"1", jpg=b"x", json=b'{"clip": 1}')])
    made.require_carried()

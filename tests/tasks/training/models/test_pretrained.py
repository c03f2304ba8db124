"""Published weights by tag: loaded as they are, with the tag's own picture settings; what cannot be had is named."""

import json

import open_clip
import pytest
import torch
from open_clip import pretrained
from torchvision.transforms import Normalize

from storage.errors import InputError
from tasks.embedding.models.clip import Architecture, build_clip
from tasks.training.models.pretrained import pretrained_clip

NAME = "equipoise-published-test"
MODEL = {
    "embed_dim": 16,
    "vision_cfg": {"image_size": 32, "layers": 1, "width": 32, "head_width": 16, "patch_size": 8},
    "text_cfg": {"context_length": 77, "vocab_size": 49408, "width": 16, "heads": 2, "layers": 1},
}


@pytest.fixture
def published(tmp_path, monkeypatch):
    """A model that open_clip knows, and a checkpoint of it under a URL, as open_clip publishes its own."""
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / f"{NAME}.json").write_text(json.dumps(MODEL))
    open_clip.add_model_config(tmp_path / "models")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))  # open_clip's cache lies below it
    clip = build_clip(Architecture(name=NAME), seed=5)
    torch.save(clip.model.state_dict(), tmp_path / "weights.pt")
    tags = {
        "some_s1b": {"url": (tmp_path / "weights.pt").as_uri(), "mean": (0.5, 0.4, 0.3), "std": (0.2, 0.2, 0.2)},
        "lost": {"url": (tmp_path / "lost.pt").as_uri()},
        "quick": {"url": "", "quick_gelu": True},
    }
    monkeypatch.setitem(pretrained._PRETRAINED, NAME, tags)
    return clip


def test_the_published_weights_are_loaded(published):
    clip = pretrained_clip(Architecture(name=NAME), "some_s1b")
    for name, tensor in published.model.state_dict().items():
        assert torch.equal(clip.model.state_dict()[name], tensor), name
    assert clip.architecture.mean == (0.5, 0.4, 0.3)
    last = clip.transform.transforms[-1]
    assert isinstance(last, Normalize) and tuple(last.mean) == (0.5, 0.4, 0.3)
    own = pretrained_clip(Architecture(name=NAME, mean=(0.1, 0.1, 0.1)), "some_s1b")
    assert own.architecture.mean == (0.1, 0.1, 0.1)


@pytest.mark.usefixtures("published")
def test_a_configuration_that_was_written_out_says_no_more_than_before():
    written = Architecture.model_validate(Architecture(name=NAME).model_dump(mode="json"))  # as ranks receive it
    assert pretrained_clip(written, "some_s1b").architecture.mean == (0.5, 0.4, 0.3)


@pytest.mark.usefixtures("published")
@pytest.mark.parametrize(
    ("tag", "words"),
    [
        ("none_such", "the tags it has: some_s1b, lost, quick"),
        ("lost", "cannot be fetched .* give a local checkpoint as `initial`"),
        ("quick", f"name the architecture {NAME}-quickgelu"),
    ],
)
def test_what_cannot_be_had_is_named(tag, words):
    with pytest.raises(InputError, match=words):
        pretrained_clip(Architecture(name=NAME), tag)

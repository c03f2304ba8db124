"""Models by name, from a cache as the hub's client lays it out; without a network, one sentence."""

import shutil
from pathlib import Path

import huggingface_hub.constants
import open_clip
import pytest

from storage.errors import InputError
from tasks.embedding.config import EmbeddingConfig
from tasks.embedding.encoding.encoders import open_encoders
from tasks.embedding.models.hub import is_name, located
from tasks.embedding.record import EncoderFiles
from tests.tasks.embedding.model_folders import write_timm

REVISION = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache with one repository, on a machine without a network."""
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    repository = tmp_path / "hub" / "models--some--net"
    (repository / "snapshots").mkdir(parents=True)
    write_timm(repository / "snapshots" / REVISION)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(REVISION)
    return tmp_path / "hub"


@pytest.mark.parametrize("name", ["hf-hub:some/net", f"hf-hub:some/net@{REVISION}", "open_clip:test-arch/some_s1b"])
def test_a_name_is_found_in_the_cache(cache: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(open_clip, "get_pretrained_cfg", lambda model, tag: {"hf_hub": "some/net/"})
    folder = located(Path(name), cache)
    assert folder.name == REVISION and is_name(Path(name))
    encoders = open_encoders(EmbeddingConfig(modality="image"), EncoderFiles(image_model=folder), "cpu")
    assert encoders.image is not None


def test_a_path_stays_a_path(tmp_path: Path) -> None:
    assert located(tmp_path) == tmp_path and not is_name(tmp_path)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("hf-hub:some/other", "not in Hugging Face's cache and cannot be fetched"),
        ("open_clip:ViT-B-32/nothing", "open_clip has no weights 'nothing' of 'ViT-B-32'; the tags it has: .*laion2b"),
        ("open_clip:RN50/yfcc15m", "cannot be fetched|as a pickle only"),
        ("hf-hub:some/net", "has no .*safetensors, and pickles are not fetched"),
    ],
)
def test_what_cannot_be_had_is_one_sentence(cache: Path, name: str, message: str) -> None:
    if name == "hf-hub:some/net":
        (cache / "models--some--net" / "snapshots" / REVISION / "model.safetensors").unlink()
    with pytest.raises(InputError, match=message) as told:
        located(Path(name), cache)
    assert "\n" not in str(told.value)
    shutil.rmtree(cache)

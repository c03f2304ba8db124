"""CLIP models: deterministic from a seed, the same after a save, strict about foreign weights."""

import json
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
import torch
from PIL import Image
from pydantic import ValidationError
from safetensors.torch import load_file, save_file

from storage.errors import InputError
from tasks.embedding.models.clip import Architecture, Clip, build_clip, load_clip, save_clip


@pytest.fixture(scope="module")
def tiny() -> Clip:
    return build_clip(Architecture(), seed=3)


def picture(seed: int = 0, size: tuple[int, int] = (40, 28)) -> Image.Image:
    return Image.fromarray(np.random.default_rng(seed).integers(0, 255, (size[1], size[0], 3), dtype=np.uint8))


def features(clip: Clip) -> tuple[torch.Tensor, torch.Tensor]:
    clip.model.eval()
    with torch.no_grad():
        image = clip.model.encode_image(torch.stack([clip.transform(picture(k)) for k in range(3)]))
        return image, clip.model.encode_text(clip.tokenizer(["a red circle", "a ring", ""]))


def test_weights_depend_on_the_seed_alone(tiny: Clip) -> None:
    before = torch.get_rng_state()
    torch.manual_seed(123)
    again, other = build_clip(Architecture(), seed=3), build_clip(Architecture(), seed=4)
    after = torch.rand(1)
    torch.manual_seed(123)
    assert torch.equal(after, torch.rand(1)), "building a model must not advance the global generator"
    torch.set_rng_state(before)
    states = [clip.model.state_dict() for clip in (tiny, again, other)]
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])
    assert not torch.equal(states[0]["visual.conv1.weight"], states[2]["visual.conv1.weight"])


@pytest.mark.parametrize("name", ["equipoise-tiny", "equipoise-tiny-vit"])
def test_a_saved_model_comes_back_equal(tmp_path: Path, name: str) -> None:
    clip = build_clip(Architecture(name=name), seed=1)
    save_clip(tmp_path / "model", clip, {"steps": 5})
    loaded = load_clip(tmp_path / "model")
    assert loaded.architecture == clip.architecture and not loaded.model.training
    assert all(torch.equal(a, b) for a, b in zip(features(clip), features(loaded), strict=True))
    assert json.loads((tmp_path / "model" / "model.json").read_text())["steps"] == 5
    save_clip(tmp_path / "again", loaded, {"steps": 5})
    for file in ("model.json", "model.safetensors"):
        assert (tmp_path / "model" / file).read_bytes() == (tmp_path / "again" / file).read_bytes()


def test_shapes_context_and_image_size(tiny: Clip) -> None:
    image, text = features(tiny)
    assert image.shape == text.shape == (3, 64)
    assert tiny.tokenizer(["a red circle " * 30]).shape == (1, 16)
    larger = build_clip(Architecture(image_size=64), seed=0)
    assert larger.transform(picture()).shape == (3, 64, 64)
    assert larger.model.encode_image(larger.transform(picture())[None]).shape == (1, 64)


def test_the_transform_is_pure_and_normalises(tiny: Clip) -> None:
    white = tiny.transform(Image.new("RGB", (32, 32), (255, 255, 255)))
    assert torch.allclose(white, torch.ones_like(white))
    assert torch.equal(tiny.transform(picture(5)), tiny.transform(picture(5)))
    own = build_clip(Architecture(mean=(0.0, 0.0, 0.0), std=(2.0, 2.0, 2.0)), seed=0)
    assert torch.allclose(own.transform(Image.new("RGB", (32, 32), (255, 255, 255))), torch.full((3, 32, 32), 0.5))


def test_a_checkpoint_without_description_needs_an_architecture(tmp_path: Path, tiny: Clip) -> None:
    save_clip(tmp_path, tiny)
    (tmp_path / "model.json").unlink()
    with pytest.raises(InputError, match="architecture"):
        load_clip(tmp_path)
    for path in (tmp_path, tmp_path / "model.safetensors"):
        loaded = load_clip(path, architecture=Architecture())
        assert torch.equal(features(loaded)[0], features(tiny)[0])


def test_foreign_weights_are_named(tmp_path: Path, tiny: Clip) -> None:
    save_clip(tmp_path, tiny)
    state = load_file(tmp_path / "model.safetensors")
    faults = {
        "lacks tensor 'logit_scale'": {name: value for name, value in state.items() if name != "logit_scale"},
        "unknown tensor 'more'": {**state, "more": torch.zeros(1)},
        "visual.conv1.weight": {**state, "visual.conv1.weight": torch.zeros(2, 3, 3, 3)},
    }
    for message, broken in faults.items():
        save_file(broken, tmp_path / "model.safetensors")
        with pytest.raises(InputError, match=message):
            load_clip(tmp_path)
    (tmp_path / "model.safetensors").write_bytes(b"nonsense")
    with pytest.raises(InputError, match="does not hold"):
        load_clip(tmp_path)


def test_pickles_and_unknown_names_are_refused(tmp_path: Path) -> None:
    (tmp_path / "weights.pt").write_bytes(b"")
    with pytest.raises(InputError, match="pickle"):
        load_clip(tmp_path / "weights.pt", architecture=Architecture())
    with pytest.raises(InputError, match="pickle"):
        load_clip(tmp_path, architecture=Architecture())
    with pytest.raises(ValidationError, match="unknown"):
        Architecture(name="ViT-Z")
    with pytest.raises(ValidationError, match="network"):
        Architecture(name="ViT-B-16-SigLIP")
    with pytest.raises(InputError, match="does not exist"):
        load_clip(tmp_path / "nowhere")


@pytest.mark.slow
def test_an_open_clip_architecture_round_trips(tmp_path: Path) -> None:
    clip = build_clip(Architecture(name="ViT-B-32"), seed=0)
    save_clip(tmp_path, clip)
    assert torch.equal(features(load_clip(tmp_path))[0], features(clip)[0])


@pytest.mark.parametrize("tower", ["image", "text"])
def test_a_file_may_hold_one_tower_alone(tmp_path: Path, tower: Literal["image", "text"]) -> None:
    whole = build_clip(Architecture(), seed=3)
    save_clip(tmp_path, whole)
    state = load_file(tmp_path / "model.safetensors")
    own = {name: value for name, value in state.items() if name.startswith("visual.") == (tower == "image")}
    own.pop("logit_scale", None)
    save_file(own, tmp_path / "model.safetensors")
    model: Any = load_clip(tmp_path, tower=tower).model
    trained: Any = whole.model.eval()
    with torch.no_grad():
        if tower == "image":
            pixels = whole.transform(picture())[None]
            torch.testing.assert_close(model.encode_image(pixels), trained.encode_image(pixels))
        else:
            tokens = whole.tokenizer(["a red circle"])
            torch.testing.assert_close(model.encode_text(tokens), trained.encode_text(tokens))
    with pytest.raises(InputError, match="it lacks tensor"):
        load_clip(tmp_path)
    with pytest.raises(InputError, match="it lacks tensor"):
        load_clip(tmp_path, tower="text" if tower == "image" else "image")

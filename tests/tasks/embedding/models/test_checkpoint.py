"""A folder with open_clip_config.json is the model that it describes, down to activation and preprocessing."""

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import open_clip
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from storage.errors import InputError
from tasks.embedding.models.architecture import Architecture
from tasks.embedding.models.clip import load_clip, save_clip

MODEL: dict[str, Any] = {
    "embed_dim": 16,
    "quick_gelu": True,
    "vision_cfg": {"image_size": 32, "layers": 1, "width": 32, "head_width": 16, "patch_size": 16},
    "text_cfg": {"context_length": 12, "vocab_size": 49408, "width": 16, "heads": 2, "layers": 1},
}
PREPROCESSING = {"size": [32, 32], "mean": [0.1, 0.2, 0.3], "std": [0.5, 0.6, 0.7], "interpolation": "bilinear",
                 "resize_mode": "squash"}  # fmt: skip


def write(folder: Path, model: dict[str, Any] = MODEL, preprocessing: dict[str, Any] | None = None) -> torch.nn.Module:
    folder.mkdir(exist_ok=True)
    described = {"model_cfg": model, "preprocess_cfg": PREPROCESSING if preprocessing is None else preprocessing}
    (folder / "open_clip_config.json").write_text(json.dumps(described))
    torch.manual_seed(0)
    built = {name: value for name, value in deepcopy(model).items() if name != "custom_text"}
    network = (open_clip.CustomTextCLIP if model.get("custom_text") else open_clip.CLIP)(**built).eval()
    save_file(
        {name: tensor.contiguous() for name, tensor in network.state_dict().items()},
        folder / "open_clip_model.safetensors",
    )
    return network


@pytest.mark.parametrize("custom", [False, True])
def test_it_is_what_open_clip_itself_makes_of_the_folder(tmp_path: Path, custom: bool) -> None:
    write(tmp_path / "model", {**MODEL, "custom_text": custom})
    clip = load_clip(tmp_path / "model")
    theirs, _, transform = open_clip.create_model_and_transforms(f"local-dir:{tmp_path / 'model'}")
    tokenizer = open_clip.get_tokenizer(f"local-dir:{tmp_path / 'model'}")
    picture = Image.fromarray(np.random.default_rng(0).integers(0, 255, (20, 50, 3), dtype=np.uint8))
    pixels, tokens = clip.transform(picture)[None], clip.tokenizer(["a red circle"])
    torch.testing.assert_close(pixels, transform(picture)[None], rtol=0, atol=0)
    assert torch.equal(tokens, tokenizer(["a red circle"]))
    theirs.eval()
    with torch.no_grad():
        torch.testing.assert_close(clip.model.encode_image(pixels), theirs.encode_image(pixels), rtol=0, atol=0)
        torch.testing.assert_close(clip.model.encode_text(tokens), theirs.encode_text(tokens), rtol=0, atol=0)
    save_clip(tmp_path / "saved", clip)
    again = load_clip(tmp_path / "saved")
    assert again.architecture == clip.architecture
    torch.testing.assert_close(again.transform(picture)[None], pixels, rtol=0, atol=0)
    with torch.no_grad():
        torch.testing.assert_close(again.model.encode_image(pixels), theirs.encode_image(pixels), rtol=0, atol=0)


def test_what_is_asked_for_changes_the_preprocessing_and_nothing_else(tmp_path: Path) -> None:
    write(tmp_path / "model")
    own = load_clip(tmp_path / "model").architecture
    asked = own.model_copy(update={"mean": None, "resize": "shortest", "std": (1.0, 1.0, 1.0)})
    found = load_clip(tmp_path / "model", architecture=asked).architecture
    assert found == own.model_copy(update={"resize": "shortest", "std": (1.0, 1.0, 1.0)})
    with pytest.raises(InputError, match="describes another model than the architecture 'ViT-B-32'"):
        load_clip(tmp_path / "model", architecture=Architecture(name="ViT-B-32"))


@pytest.mark.parametrize(
    ("model", "words"),
    [
        ({**MODEL, "text_cfg": {"hf_model_name": "roberta-base"}}, "from a network"),
        ({**MODEL, "multimodal_cfg": {}}, "CoCa"),
        ({"embed_dim": 3}, "vision_cfg"),
        ({**MODEL, "vision_cfg": {**MODEL["vision_cfg"], "unknown": 1}}, "cannot be built"),
        ([], "has no model_cfg"),
    ],
)
def test_descriptions_that_cannot_be_followed(tmp_path: Path, model: Any, words: str) -> None:
    write(tmp_path / "model")
    (tmp_path / "model" / "open_clip_config.json").write_text(json.dumps({"model_cfg": model}))
    with pytest.raises(InputError, match=words):
        load_clip(tmp_path / "model")

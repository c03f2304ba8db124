"""timm and transformers image models from folders: their own features, their own preprocessing, no pickles."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from timm.data import create_transform, resolve_data_config

from storage.errors import InputError
from tasks.embedding.models.image_models import load_timm, load_vision
from tests.paths import SHARED_DATA
from tests.tasks.embedding.model_folders import PREPROCESSING, write_timm

PICTURE = Image.fromarray(np.random.default_rng(0).integers(0, 255, (50, 70, 3), dtype=np.uint8))


@pytest.mark.parametrize("flat", [False, True])
def test_timm(tmp_path: Path, flat: bool) -> None:
    network = write_timm(tmp_path / "model", flat=flat)
    found = load_timm(tmp_path / "model")
    pixels = found.transform(PICTURE)[None]
    theirs = create_transform(**resolve_data_config(pretrained_cfg=PREPROCESSING, model=network))
    torch.testing.assert_close(pixels, theirs(PICTURE)[None], rtol=0, atol=0)
    assert pixels.shape == (1, 3, 64, 64)
    with torch.no_grad():
        pooled = network.forward_head(network.forward_features(pixels), pre_logits=True)
        # Channels-last sums in another order.
        torch.testing.assert_close(found.encode(pixels), pooled, rtol=0, atol=1e-6 * float(pooled.abs().max()))


def test_timm_at_another_side(tmp_path: Path) -> None:
    network = write_timm(tmp_path / "model", flat=False)
    found = load_timm(tmp_path / "model", side=48)
    pixels = found.transform(PICTURE)[None]
    theirs = create_transform(**resolve_data_config(pretrained_cfg={**PREPROCESSING, "input_size": (3, 48, 48)}))
    torch.testing.assert_close(pixels, theirs(PICTURE)[None], rtol=0, atol=0)
    with torch.no_grad():
        pooled = network.forward_head(network.forward_features(pixels), pre_logits=True)
        torch.testing.assert_close(found.encode(pixels), pooled, rtol=0, atol=1e-6 * float(pooled.abs().max()))


def test_timm_as_its_library_saves_it_with_arguments(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    network = write_timm(folder)
    config = json.loads((folder / "config.json").read_text())
    for arguments in ({"num_classes": 7, "in_chans": 3, "global_pool": "avg"}, {"global_pool": "max"}):
        (folder / "config.json").write_text(json.dumps({**config, "model_args": arguments}))
        pixels = load_timm(folder).transform(PICTURE)[None]
        with torch.no_grad():
            states = network.forward_features(pixels)
            pooled = states.mean(dim=(2, 3)) if arguments["global_pool"] == "avg" else states.amax(dim=(2, 3))
            torch.testing.assert_close(load_timm(folder).encode(pixels), pooled, rtol=1e-4, atol=1e-5)
    (folder / "config.json").write_text(json.dumps({**config, "model_args": {"global_pool": ""}}))
    with pytest.raises(InputError, match="gives 3 dimensions of features a picture, not a vector"), torch.no_grad():
        load_timm(folder).encode(pixels)


def test_timm_folders_that_do_not_fit(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    write_timm(folder)
    state = load_file(folder / "model.safetensors")
    state.pop("classifier.weight")
    save_file(state, folder / "model.safetensors")
    with pytest.raises(InputError, match=r"does not hold test_efficientnet weights.*classifier\.weight"):
        load_timm(folder)
    (folder / "config.json").write_text(json.dumps({"architecture": "no_such_model"}))
    with pytest.raises(InputError, match="timm does not know"):
        load_timm(folder)
    write_timm(folder)
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(InputError, match=r"no \*\.safetensors"):
        load_timm(folder)


def test_the_shared_image_model_loads(shared_data: Path) -> None:
    folder = SHARED_DATA.parent / "models" / "efficientnet_lite0"
    if not folder.is_dir():
        pytest.skip(f"no image model at {folder}")
    found = load_timm(folder)
    with torch.no_grad():
        assert found.encode(found.transform(PICTURE)[None]).shape == (1, 1280)


@pytest.mark.parametrize("pooler", [True, False])
def test_transformers(tmp_path: Path, pooler: bool) -> None:
    from transformers import ViTConfig, ViTImageProcessor, ViTModel

    torch.manual_seed(0)
    config = ViTConfig(hidden_size=24, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32, image_size=32,
                       patch_size=8)  # fmt: skip
    network = ViTModel(config, add_pooling_layer=pooler).eval()
    network.save_pretrained(tmp_path)
    processor = ViTImageProcessor(size={"height": 32, "width": 32}, image_mean=[0.1, 0.2, 0.3])
    processor.save_pretrained(tmp_path)
    found = load_vision(tmp_path)
    pixels = found.transform(PICTURE)[None]
    torch.testing.assert_close(
        pixels, processor(images=PICTURE, return_tensors="pt")["pixel_values"], rtol=0, atol=1e-6
    )
    with torch.no_grad():
        output = network(pixel_values=pixels)
        expected = output.pooler_output if pooler else output.last_hidden_state[:, 0]
        torch.testing.assert_close(found.encode(pixels), expected, rtol=0, atol=1e-6)


def test_a_feature_map_is_averaged(tmp_path: Path) -> None:
    from transformers import ConvNextImageProcessor, ResNetConfig, ResNetModel

    torch.manual_seed(0)
    network = ResNetModel(
        ResNetConfig(embedding_size=8, hidden_sizes=[8, 16], depths=[1, 1], layer_type="basic")
    ).eval()
    network.save_pretrained(tmp_path)
    ConvNextImageProcessor(size={"shortest_edge": 32}).save_pretrained(tmp_path)
    found = load_vision(tmp_path)
    pixels = found.transform(PICTURE)[None]
    with torch.no_grad():
        mean = network(pixel_values=pixels).last_hidden_state.mean(dim=(2, 3))
        torch.testing.assert_close(found.encode(pixels), mean, rtol=1e-5, atol=1e-6)


def test_both_towers_of_transformers_own_clip(tmp_path: Path) -> None:
    from transformers import CLIPConfig, CLIPImageProcessor, CLIPModel

    torch.manual_seed(0)
    text = {
        "vocab_size": 50,
        "hidden_size": 16,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "intermediate_size": 16,
    }
    vision = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16,
              "image_size": 32, "patch_size": 16}  # fmt: skip
    network = CLIPModel(CLIPConfig(text_config=text, vision_config=vision, projection_dim=12)).eval()
    network.save_pretrained(tmp_path)
    CLIPImageProcessor(size={"shortest_edge": 32}, crop_size=32).save_pretrained(tmp_path)
    found = load_vision(tmp_path)
    pixels = found.transform(PICTURE)[None]
    with torch.no_grad():
        expected = network.visual_projection(network.vision_model(pixel_values=pixels).pooler_output)
        torch.testing.assert_close(found.encode(pixels), expected)


def test_a_text_model_is_no_vision_model(tmp_path: Path, bert_folder: Path) -> None:
    with pytest.raises(InputError, match="cannot be loaded as a transformers vision model"):
        load_vision(bert_folder)

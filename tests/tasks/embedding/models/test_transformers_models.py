"""Models of transformers as they are saved: a tower with its projection, an encoder alone, a masked autoencoder."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from transformers import PreTrainedTokenizerFast

from storage.errors import InputError
from tasks.embedding.models.image_models import load_vision
from tasks.embedding.models.text_models import load_text_model
from tasks.embedding.models.transformers_models import load_transformers

SMALL = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
TEXT = {**SMALL, "vocab_size": 40, "max_position_embeddings": 10}
VISION = {**SMALL, "image_size": 32, "patch_size": 16}
CAPTIONS = ["a red circle", "", "a blue ring on green " * 20]
PICTURE = Image.fromarray(np.random.default_rng(0).integers(0, 255, (50, 70, 3), dtype=np.uint8))


def _saved(network: Any, folder: Path, *, masks: bool = True) -> Any:
    """The network in a folder, with a tokenizer of words that ends captions as CLIP's does, by the largest number."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors

    words = Tokenizer(models.WordLevel({"<pad>": 0, "<unk>": 1, "a": 2, "red": 3, "blue": 4, "<end>": 39}, "<unk>"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    words.post_processor = processors.TemplateProcessing(single="$A <end>", special_tokens=[("<end>", 39)])
    names = ["input_ids", "attention_mask"] if masks else ["input_ids"]
    PreTrainedTokenizerFast(
        tokenizer_object=words, pad_token="<pad>", unk_token="<unk>", eos_token="<end>", model_input_names=names
    ).save_pretrained(folder)
    network.save_pretrained(folder)
    return network.eval()


@pytest.fixture(autouse=True)
def _same_weights() -> None:
    torch.manual_seed(0)


def _features(folder: Path, length: int = 8) -> tuple[torch.Tensor, Any]:
    found = load_text_model(folder, length=length)
    batch = found.tokenise(CAPTIONS)
    with torch.no_grad():
        return found.encode(batch), batch


def test_a_tower_keeps_its_projection(tmp_path: Path) -> None:
    from transformers import (
        CLIPImageProcessor,
        CLIPTextConfig,
        CLIPTextModelWithProjection,
        CLIPVisionConfig,
        CLIPVisionModelWithProjection,
    )

    text = _saved(CLIPTextModelWithProjection(CLIPTextConfig(**TEXT, projection_dim=6, eos_token_id=39)), tmp_path)
    found, batch = _features(tmp_path)
    with torch.no_grad():
        expected = text(input_ids=batch.tokens, attention_mask=batch.mask).text_embeds
    assert found.shape == (3, 6)
    torch.testing.assert_close(found, expected)

    vision = CLIPVisionModelWithProjection(CLIPVisionConfig(**VISION, projection_dim=6)).eval()
    vision.save_pretrained(tmp_path / "vision")
    CLIPImageProcessor(size={"shortest_edge": 32}, crop_size=32).save_pretrained(tmp_path / "vision")
    model = load_vision(tmp_path / "vision")
    pixels = model.transform(PICTURE)[None]
    with torch.no_grad():
        torch.testing.assert_close(model.encode(pixels), vision(pixel_values=pixels).image_embeds)


def test_a_text_tower_alone_gives_what_it_pools(tmp_path: Path) -> None:
    from transformers import CLIPTextConfig, CLIPTextModel

    tower = _saved(CLIPTextModel(CLIPTextConfig(**TEXT, eos_token_id=39)), tmp_path)
    found, batch = _features(tmp_path)
    with torch.no_grad():
        torch.testing.assert_close(found, tower(input_ids=batch.tokens, attention_mask=batch.mask).pooler_output)


@pytest.mark.parametrize("alone", [True, False])
def test_siglip_reads_its_padding(tmp_path: Path, alone: bool) -> None:
    from transformers import SiglipConfig, SiglipModel, SiglipTextConfig, SiglipTextModel

    whole = SiglipConfig(text_config={**TEXT, "projection_size": 16}, vision_config=VISION)
    network = SiglipTextModel(SiglipTextConfig(**TEXT, projection_size=16)) if alone else SiglipModel(whole)
    network = _saved(network, tmp_path, masks=False)
    found, batch = _features(tmp_path)
    assert batch.tokens.shape == (3, 10)  # the length that it was trained at, not the one that was asked for
    with torch.no_grad():
        tower = network if alone else network.text_model
        torch.testing.assert_close(found, tower(input_ids=batch.tokens).pooler_output)


@pytest.mark.parametrize("alone", [True, False])
def test_of_an_encoder_decoder_the_encoder(tmp_path: Path, alone: bool) -> None:
    from transformers import T5Config, T5EncoderModel, T5ForConditionalGeneration

    config = T5Config(vocab_size=40, d_model=16, d_kv=8, d_ff=16, num_layers=1, num_heads=2)
    network = _saved((T5EncoderModel if alone else T5ForConditionalGeneration)(config), tmp_path)
    found, batch = _features(tmp_path)
    with torch.no_grad():
        states = network.encoder(input_ids=batch.tokens[:1, :4]).last_hidden_state
    torch.testing.assert_close(found[0], states[0].mean(dim=0), rtol=1e-4, atol=1e-5)


def test_positions_that_are_counted_from_after_the_padding(tmp_path: Path) -> None:
    from transformers import XLMRobertaConfig, XLMRobertaModel

    _saved(XLMRobertaModel(XLMRobertaConfig(**TEXT, type_vocab_size=1, pad_token_id=0)), tmp_path)
    found, batch = _features(tmp_path, length=500)
    assert batch.tokens.shape == (3, 9) and bool(torch.isfinite(found).all())


def test_a_masked_autoencoder_sees_every_patch(tmp_path: Path) -> None:
    from transformers import ViTImageProcessor, ViTMAEConfig, ViTMAEModel

    network = ViTMAEModel(ViTMAEConfig(**VISION)).eval()
    network.save_pretrained(tmp_path)
    ViTImageProcessor(size={"height": 32, "width": 32}).save_pretrained(tmp_path)
    model = load_vision(tmp_path)
    pixels = model.transform(PICTURE)[None]
    with torch.no_grad():
        first, second = model.encode(pixels), model.encode(pixels)
        network.config.mask_ratio = 0.0
        expected = network(pixel_values=pixels).last_hidden_state[:, 0]
    assert torch.equal(first, second)
    torch.testing.assert_close(first, expected)


def test_what_a_folder_lacks(tmp_path: Path) -> None:
    from transformers import BertConfig, BertModel

    BertModel(BertConfig(**TEXT)).save_pretrained(tmp_path)
    weights = load_file(tmp_path / "model.safetensors")
    kept = {name: value for name, value in weights.items() if not name.startswith("pooler.")}
    save_file(kept, tmp_path / "model.safetensors", metadata={"format": "pt"})
    network, lacking = load_transformers(tmp_path, "text")
    assert lacking == ["pooler.dense.bias", "pooler.dense.weight"] and not network.training
    config = json.loads((tmp_path / "config.json").read_text())
    for names in (["os.EncoderModel"], ["NoSuchTextModel"], "BertModel", []):  # whatever is named, it is a BERT
        (tmp_path / "config.json").write_text(json.dumps({**config, "architectures": names}))
        assert type(load_transformers(tmp_path, "text")[0]) is BertModel
    kept.pop("encoder.layer.0.output.dense.weight")
    save_file(kept, tmp_path / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(InputError, match=r"lack tensor 'encoder\.layer\.0\.output\.dense\.weight' and 0 more"):
        load_transformers(tmp_path, "text")

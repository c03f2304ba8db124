"""Transformers text encoders: the mean over real tokens, whatever the padding."""

import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from storage.errors import InputError
from tasks.embedding.models.text_models import load_text_model

CAPTIONS = ["a red circle", "a blue ring on green", "dogs"]


@pytest.mark.parametrize("kind", ["bert_folder", "gpt_folder"])
def test_equals_the_mean_of_each_caption_alone(kind: str, request: pytest.FixtureRequest) -> None:
    encoder = load_text_model(request.getfixturevalue(kind), length=12)
    with torch.no_grad():
        together = encoder.encode(encoder.tokenise(CAPTIONS))
        for caption, vector in zip(CAPTIONS, together, strict=True):
            tokens = encoder.tokenizer(caption, return_tensors="pt")["input_ids"]
            alone = encoder.model(input_ids=tokens).last_hidden_state[0].mean(dim=0)
            torch.testing.assert_close(vector, alone, rtol=1e-4, atol=1e-5)


def test_long_captions_are_cut(gpt_folder: Path) -> None:
    encoder = load_text_model(gpt_folder, length=8)
    batch = encoder.tokenise(["a red circle " * 50, "a"])
    assert batch.tokens.shape == (2, 8) and batch.mask[0].sum() == 8
    assert load_text_model(gpt_folder, length=500).length == 40  # the model's own bound


def test_unusable_folders_are_told_apart(tmp_path: Path, bert_folder: Path) -> None:
    with pytest.raises(InputError, match=r"config\.json"):
        load_text_model(tmp_path, length=8)
    (tmp_path / "config.json").write_text('{"model_type": "bert"}')
    (tmp_path / "pytorch_model.bin").write_bytes(b"pickle")
    with pytest.raises(InputError, match="safetensors"):
        load_text_model(tmp_path, length=8)
    (tmp_path / "model.safetensors").write_bytes(b"nonsense")
    with pytest.raises(InputError, match="cannot be loaded"):
        load_text_model(tmp_path, length=8)


def test_missing_weights_are_not_filled_in_silently(tmp_path: Path, bert_folder: Path) -> None:
    shutil.copytree(bert_folder, tmp_path / "bert")
    weights = load_file(bert_folder / "model.safetensors")
    dropped = "encoder.layer.1.output.dense.weight"
    assert dropped in weights
    kept = {name: value for name, value in weights.items() if name != dropped}
    save_file(kept, tmp_path / "bert" / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(InputError, match="lack tensor"):
        load_text_model(tmp_path / "bert", length=8)


def test_a_sentence_models_own_pooling(tmp_path: Path, bert_folder: Path) -> None:
    folder = tmp_path / "bert"
    shutil.copytree(bert_folder, folder)
    (folder / "modules.json").write_text('[{"type": "sentence_transformers.models.Pooling", "path": "1_Pooling"}]')
    (folder / "1_Pooling").mkdir()
    (folder / "1_Pooling" / "config.json").write_text('{"pooling_mode_cls_token": true}')
    encoder = load_text_model(folder, length=12)
    with torch.no_grad():
        batch = encoder.tokenise(CAPTIONS)
        hidden = encoder.model(input_ids=batch.tokens, attention_mask=batch.mask).last_hidden_state
        torch.testing.assert_close(encoder.encode(batch), hidden[:, 0])

"""Model folders are told apart by their descriptions, and what is none is named."""

from pathlib import Path

import pytest

from storage.errors import InputError
from tasks.embedding.models.folders import encoder_kind, kind_of, one_safetensors, read_json, refuse_towers


@pytest.mark.parametrize(
    ("file", "content", "kind"),
    [
        ("model.json", "{}", "equipoise"),
        ("open_clip_config.json", "{}", "open_clip"),
        ("config.json", '{"model_type": "bert"}', "transformers"),
        ("config.json", '{"architecture": "resnet18"}', "timm"),
    ],
)
def test_each_kind(tmp_path: Path, file: str, content: str, kind: str) -> None:
    (tmp_path / file).write_text(content)
    assert kind_of(tmp_path) == kind


@pytest.mark.parametrize("content", [None, "{}", '{"other": 1}'])
def test_a_folder_that_is_no_model(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "config.json").write_text(content)
    with pytest.raises(InputError, match="holds no model"):
        kind_of(tmp_path)


@pytest.mark.parametrize("content", ["[1]", "{", "[" * 100_000, "NaN"])
def test_json_that_holds_no_object(tmp_path: Path, content: str) -> None:
    (tmp_path / "config.json").write_text(content)
    with pytest.raises(InputError, match=r"config\.json (cannot be read as JSON|holds a)"):
        read_json(tmp_path / "config.json")


def test_the_weights_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "pytorch_model.bin").write_bytes(b"pickle")
    with pytest.raises(InputError, match=r"no \*\.safetensors; pickled"):
        one_safetensors(tmp_path)
    (tmp_path / "a.safetensors").touch()
    assert one_safetensors(tmp_path, "model.safetensors") == tmp_path / "a.safetensors"
    (tmp_path / "b.safetensors").touch()
    with pytest.raises(InputError, match="holds 2"):
        one_safetensors(tmp_path)
    assert one_safetensors(tmp_path, "b.safetensors") == tmp_path / "b.safetensors"


def test_what_a_folder_encodes_is_told_by_what_lies_beside_it(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "vit"}')
    with pytest.raises(InputError, match=r"holds no \*\.safetensors"):
        encoder_kind(tmp_path, "image")
    (tmp_path / "model.safetensors").touch()
    with pytest.raises(InputError, match="holds no image processor"):
        encoder_kind(tmp_path, "image")
    (tmp_path / "preprocessor_config.json").touch()
    assert encoder_kind(tmp_path, "image") == "transformers"
    with pytest.raises(InputError, match=r"holds no tokenizer \(tokenizer\.json\): it is no text model"):
        encoder_kind(tmp_path, "text")
    (tmp_path / "spiece.model").touch()
    assert encoder_kind(tmp_path, "text") == "transformers"
    (tmp_path / "config.json").write_text('{"architecture": "resnet18"}')
    assert encoder_kind(tmp_path, "image") == "timm"
    with pytest.raises(InputError, match="is a timm image model"):
        encoder_kind(tmp_path, "text")


@pytest.mark.parametrize(
    ("content", "form"), [('{"architecture": "resnet18"}', "timm"), ('{"model_type": "clip"}', "transformers")]
)
def test_another_form_is_no_whole_clip(tmp_path: Path, content: str, form: str) -> None:
    """It was called a folder without model.json, after a benchmark's encoding had begun."""
    (tmp_path / "config.json").write_text(content)
    (tmp_path / "model.safetensors").write_bytes(b"")
    with pytest.raises(InputError, match=f"is in {form}'s form, .* name it as image_model"):
        refuse_towers(tmp_path)
    (tmp_path / "open_clip_config.json").write_text("{}")
    refuse_towers(tmp_path)

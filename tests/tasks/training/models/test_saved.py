"""The authors' released heads load unchanged, from safetensors or from torch files, and nothing else is unpickled."""

import pickle
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor
from torch.nn import functional

from storage.errors import InputError
from tasks.training.models.saved import load_heads


def released(text_inputs: int = 512) -> dict[str, Tensor]:
    """A state dict of the released form: 512 (or 768 for BERT and GPT-2) → 256 → 256 → 128 on either side."""
    generator = torch.Generator().manual_seed(0)
    state = {}
    for branch, inputs in (("image_encoder", 512), ("text_encoder", text_inputs)):
        for layer, (rows, columns) in {"proj": (256, inputs), "layers.0": (256, 256), "out": (128, 256)}.items():
            state[f"{branch}.{layer}.weight"] = torch.randn(rows, columns, generator=generator) / 16
            state[f"{branch}.{layer}.bias"] = torch.randn(rows, generator=generator)
    return state


def by_hand(state: dict[str, Tensor], branch: str, x: Tensor) -> Tensor:
    for layer in ("proj", "layers.0"):
        x = functional.relu(x @ state[f"{branch}.{layer}.weight"].T + state[f"{branch}.{layer}.bias"])
    return x @ state[f"{branch}.out.weight"].T + state[f"{branch}.out.bias"]


@pytest.mark.parametrize("text_inputs", (512, 768))
@pytest.mark.parametrize("name", ("heads.safetensors", "heads.pt"))
def test_released_state_dicts_load_unchanged(tmp_path: Path, text_inputs: int, name: str) -> None:
    state = released(text_inputs)
    (save_file if name.endswith("safetensors") else torch.save)(state, tmp_path / name)
    heads = load_heads(tmp_path / name)
    assert heads.logit_scale.exp().item() == pytest.approx(100, rel=1e-5)
    for branch, encode, inputs in (("image", heads.encode_image, 512), ("text", heads.encode_text, text_inputs)):
        x = functional.normalize(torch.randn(3, inputs, generator=torch.Generator().manual_seed(1)), dim=1)
        torch.testing.assert_close(encode(x), by_hand(state, f"{branch}_encoder", x))


class Trap:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return exec, ("raise SystemExit('unpickled')",)


def test_files_that_hold_no_heads_are_named(tmp_path: Path) -> None:
    (tmp_path / "trap.pt").write_bytes(pickle.dumps(Trap()))
    torch.save({"heads": Trap()}, tmp_path / "trap-in-zip.pt")
    torch.save([1, 2], tmp_path / "list.pt")
    torch.save({"weight": torch.ones(2)}, tmp_path / "other.pt")
    (tmp_path / "empty.pt").write_bytes(b"")
    for name, words in {
        "trap.pt": "cannot be read as weights",
        "trap-in-zip.pt": "cannot be read as weights",
        "empty.pt": "cannot be read as weights",
        "list.pt": "not a state dict",
        "other.pt": "holds no heads",
    }.items():
        with pytest.raises(InputError, match=words):
            load_heads(tmp_path / name)
    state = released()
    del state["text_encoder.out.bias"]
    save_file(state, tmp_path / "short.safetensors")
    with pytest.raises(InputError, match=r"text_encoder\.out\.bias"):
        load_heads(tmp_path / "short.safetensors")

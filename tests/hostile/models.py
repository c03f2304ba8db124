"""Model folders whose weights are pickles in disguise, cut, or of another model: nothing is unpickled."""

import json
import pickle
import struct
from collections.abc import Callable
from pathlib import Path

import torch
from safetensors.torch import save

from tasks.embedding.models.clip import Architecture, build_clip, load_clip
from tasks.embedding.models.folders import kind_of, one_safetensors
from tests.hostile.case import Case, Content, Rows, put


class Pwn:
    """What a pickle can do: make a file."""

    def __reduce__(self) -> tuple[Callable, tuple]:
        return Path("pwned").touch, ()


PICKLE = pickle.dumps({"state_dict": Pwn()})
TINY = json.dumps({"kind": "clip", "architecture": {"name": "equipoise-tiny-vit"}}).encode()


def header(text: bytes, size: int | None = None) -> bytes:
    return struct.pack("<Q", len(text) if size is None else size) + text


def clip(name: str, files: dict[str, Content], error: str) -> Case:
    def read(folder: Path) -> Rows:
        put(folder, {"model.json": TINY} | files)
        load_clip(folder)
        return Rows(("loaded",))

    return Case("Checkpoints", name, read, error=error)


def folder(name: str, files: dict[str, Content], error: str) -> Case:
    def read(folder: Path) -> Rows:
        put(folder, files)
        return Rows((kind_of(folder), str(one_safetensors(folder))))

    return Case("Checkpoints", name, read, error=error)


def weights(change: Callable[[dict[str, torch.Tensor]], object]) -> Callable[[], bytes]:
    def made() -> bytes:
        state = {
            name: tensor.clone()
            for name, tensor in build_clip(Architecture(name="equipoise-tiny-vit"), seed=0).model.state_dict().items()
        }
        change(state)
        return save(state)

    return made


CASES = (
    clip("a pickle called model.safetensors", {"model.safetensors": PICKLE}, "does not hold"),
    clip("a pickle called model.pt", {"model.pt": PICKLE}, "is a pickle"),
    clip("a pickle called model.bin", {"model.bin": PICKLE}, "is a pickle"),
    clip("no bytes", {"model.safetensors": b""}, "does not hold"),
    clip("a header of 2^63 bytes", {"model.safetensors": header(b"{}", 2**63)}, "does not hold"),
    clip("a header that is no JSON", {"model.safetensors": header(b"not json")}, "does not hold"),
    clip("a header nested 100,000 deep", {"model.safetensors": header(b"[" * 100_000)}, "does not hold"),
    clip(
        "a tensor beyond the file's end",
        {"model.safetensors": header(b'{"a":{"dtype":"F32","shape":[9],"data_offsets":[0,36]}}')},
        "does not hold",
    ),
    clip("no tensor", {"model.safetensors": save({})}, "does not hold"),
    clip(
        "a tensor too many",
        {"model.safetensors": weights(lambda state: state.update(extra=torch.zeros(1)))},
        "has an unknown tensor",
    ),
    clip("a tensor too few", {"model.safetensors": weights(lambda state: state.pop("logit_scale"))}, "lacks tensor"),
    clip(
        "a tensor of another shape",
        {"model.safetensors": weights(lambda state: state.update(logit_scale=torch.zeros(3)))},
        "does not hold",
    ),
    clip(
        "NaN among the weights",
        {"model.safetensors": weights(lambda state: state.update(logit_scale=torch.tensor(float("nan"))))},
        "NaN",
    ),
    clip("two checkpoints", {"a.safetensors": b"", "b.safetensors": b""}, "2 checkpoints"),
    clip(
        "a description nested 100,000 deep",
        {"model.json": b"[" * 100_000, "model.safetensors": b""},
        "cannot be read as JSON",
    ),
    clip(
        "a description of another kind",
        {"model.json": b'{"kind": "x"}', "model.safetensors": b""},
        "not a whole CLIP model",
    ),
    clip("a description that is a list", {"model.json": b"[]", "model.safetensors": b""}, "not an object"),
    folder("a folder of nothing", {}, "holds no model"),
    folder("config.json nested 100,000 deep", {"config.json": b"[" * 100_000}, "cannot be read as JSON"),
    folder("config.json that is a list", {"config.json": b"[]"}, "not an object"),
    folder(
        "config.json that names code to import",
        {"config.json": b'{"auto_map": {"AutoModel": "evil.Model"}}'},
        "holds no model",
    ),
    folder(
        "pickles alone", {"config.json": b'{"model_type": "vit"}', "pytorch_model.bin": PICKLE}, "pickled checkpoints"
    ),
)

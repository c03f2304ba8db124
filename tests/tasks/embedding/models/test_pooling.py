"""Pooling of states: padding counts for nothing, and a folder's own way is taken or refused, never passed over."""

import json
from pathlib import Path

import pytest
import torch

from storage.errors import InputError
from tasks.embedding.models.pooling import Pooling, mean_over_tokens, pooled, pooling_of

HIDDEN = torch.tensor([[[1.0, -4.0], [3.0, -2.0], [9.0, 9.0]], [[5.0, 5.0], [6.0, 6.0], [7.0, 7.0]]])
MASK = torch.tensor([[1, 1, 0], [0, 0, 0]])


@pytest.mark.parametrize(
    ("how", "first"), [("mean", [2, -3]), ("first", [1, -4]), ("last", [3, -2]), ("largest", [3, -2])]
)
def test_padding_counts_for_nothing(how: Pooling, first: list[float]) -> None:
    assert pooled(HIDDEN, MASK, how).tolist() == [first, [0, 0]]


def test_no_token_gives_zero_not_nan() -> None:
    hidden = torch.randn(2, 3, 4, generator=torch.Generator().manual_seed(0))
    mean = mean_over_tokens(hidden, MASK)
    torch.testing.assert_close(mean[0], hidden[0, :2].mean(dim=0))
    assert torch.equal(mean[1], torch.zeros(4))


def _sentence_model(folder: Path, pooling: object, *more: str) -> Path:
    kinds = ["Transformer", "Pooling", "Normalize", *more]
    modules = [
        {"idx": place, "name": str(place), "path": f"{place}_{kind}", "type": f"sentence_transformers.models.{kind}"}
        for place, kind in enumerate(kinds)
    ]
    (folder / "modules.json").write_text(json.dumps(modules))
    (folder / "1_Pooling").mkdir(exist_ok=True)
    (folder / "1_Pooling" / "config.json").write_text(json.dumps(pooling))
    return folder


def test_what_a_sentence_model_says_is_taken(tmp_path: Path) -> None:
    assert pooling_of(tmp_path) == "mean"
    old = {"word_embedding_dimension": 32, "pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False}
    assert pooling_of(_sentence_model(tmp_path, old)) == "first"
    assert pooling_of(_sentence_model(tmp_path, {"embedding_dimension": 8, "pooling_mode": "lasttoken"})) == "last"
    assert pooling_of(_sentence_model(tmp_path, {"pooling_mode_mean_sqrt_len_tokens": True})) == "mean"


def test_what_is_not_known_is_refused(tmp_path: Path) -> None:
    two = {"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": True}
    with pytest.raises(InputError, match=r"pools states by cls_token and mean_tokens, which is not known; remove"):
        pooling_of(_sentence_model(tmp_path, two))
    with pytest.raises(InputError, match="a layer 'Dense' after its states"):
        pooling_of(_sentence_model(tmp_path, {"pooling_mode": "mean"}, "Dense"))
    (tmp_path / "modules.json").write_text('[{"type": "x.Pooling", "path": "../.."}]')
    with pytest.raises(InputError, match="outside its own"):
        pooling_of(tmp_path)
    (tmp_path / "modules.json").write_text('{"a": 1}')
    with pytest.raises(InputError, match="lists no modules"):
        pooling_of(tmp_path)

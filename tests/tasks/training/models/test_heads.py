"""Heads: two small networks of frozen embeddings, rebuilt from a state dict of any size."""

import pytest
import torch
from torch.nn import functional

from storage.errors import InputError
from tasks.training.models.heads import Heads, heads_from_state


@pytest.mark.parametrize("layers", (1, 2, 4))
def test_a_state_dict_says_the_sizes(layers: int) -> None:
    heads = Heads(12, 7, hidden=9, layers=layers, outputs=5, logit_scale=30)
    again = heads_from_state(heads.state_dict(), logit_scale=30)
    image, text = torch.randn(4, 12), torch.randn(4, 7)
    for one, other in zip(heads(image, text), again(image, text), strict=True):
        assert torch.equal(one, other)
    assert again(image, text)[2].item() == pytest.approx(30, rel=1e-6)


def test_embeddings_are_normalised_on_the_way_in_and_where_asked_on_the_way_out() -> None:
    heads = Heads(12, 12, hidden=9, outputs=5)
    points = torch.randn(4, 12)
    torch.testing.assert_close(heads.encode_image(7 * points), heads.encode_image(points))
    torch.testing.assert_close(
        heads.encode_text(points, normalize=True), functional.normalize(heads.encode_text(points), dim=1)
    )


@pytest.mark.parametrize(
    ("spoil", "words"),
    (
        (lambda state: state.pop("image_encoder.proj.weight"), "image_encoder.proj.weight"),
        (lambda state: state.pop("text_encoder.out.bias"), "text_encoder.out.bias"),
        (lambda state: state.update(other=torch.ones(1)), "other"),
    ),
)
def test_tensors_that_are_missing_or_too_many_are_named(spoil, words: str) -> None:
    state = Heads(12, 12, hidden=9, outputs=5).state_dict()
    spoil(state)
    with pytest.raises(InputError, match=words):
        heads_from_state(state)

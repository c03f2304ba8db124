"""What may be asked of an encoder."""

import pytest

from tasks.embedding.config import EmbeddingConfig


def test_pixels_refuse_captions() -> None:
    with pytest.raises(ValueError, match="images only"):
        EmbeddingConfig(encoder="pixels")

"""Encoders that a worker opens once."""

from pathlib import Path

import pytest

from storage import kept as module
from storage.kept import keep
from storage.store.workspace import Runtime, Workspace
from tasks.embedding.config import EmbeddingConfig
from tasks.embedding.encoding.opened import opened
from tasks.embedding.record import EncoderRecord


def test_a_worker_opens_equal_encoders_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_keeps", False)
    monkeypatch.setattr(module, "_KEPT", [])
    work = Workspace("embed", "key", tmp_path, Runtime(store=tmp_path))
    pixels = EncoderRecord(EmbeddingConfig(encoder="pixels", modality="image"))
    assert opened(pixels, work, "cpu") is not opened(pixels, work, "cpu")  # nobody keeps anything
    keep()
    first = opened(pixels, work, "cpu")
    equal = EncoderRecord(EmbeddingConfig(encoder="pixels", modality="image"))
    assert opened(equal, work, "cpu") is first
    other = EncoderRecord(EmbeddingConfig(encoder="pixels", modality="image", pixel_side=16))
    assert opened(other, work, "cpu") is not first and opened(equal, work, "meta") is not first

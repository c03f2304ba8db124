"""Heads on a benchmark that was encoded once score exactly as clip-benchmark scores the whole model."""

from collections.abc import Mapping
from pathlib import Path

import pytest
import torch
from clip_benchmark.metrics import zeroshot_classification, zeroshot_retrieval
from pydantic import JsonValue

from storage.caching.stage import stage
from storage.errors import InputError
from storage.record.external import external
from storage.store.workspace import Runtime, Workspace
from tasks.embedding.benchmarks.layout import inspect_layout
from tasks.embedding.config import EmbeddingConfig
from tasks.embedding.encoding.encoders import open_encoders
from tasks.embedding.models.clip import Architecture, build_clip, save_clip
from tasks.embedding.record import EncoderFiles, EncoderRecord
from tasks.evaluation.config import EvaluationConfig
from tasks.evaluation.task import encode_benchmark, evaluate, evaluate_encoded, evaluate_heads
from tasks.evaluation.zeroshot.encoded import encode_layout, load_encoded, require_sizes, save_encoded
from tasks.training.models.heads import Heads
from tasks.training.models.saved import load_trained, save_heads
from tests.tasks.embedding.model_folders import write_bert, write_timm
from tests.tasks.evaluation.conftest import (
    COLOURS,
    their_loader,
    write_classification,
    write_multilabel,
    write_retrieval,
)

CONFIG = EvaluationConfig(resamples=100, recall_k=(1, 5))


@stage("heads", version=1, modules=())
def random_heads(image: int, text: int, *, work: Workspace) -> Mapping[str, JsonValue]:
    torch.manual_seed(0)
    save_heads(work.output, Heads(image, text, hidden=8, outputs=6))
    return {}


@stage("clip", version=1, modules=())
def random_clip(seed: int, *, work: Workspace) -> Mapping[str, JsonValue]:
    save_clip(work.output, build_clip(Architecture(), seed=seed))
    return {}


def encoder_folders(root: Path) -> dict[str, tuple[EncoderFiles, tuple[int, int]]]:
    """Encoders of every make, each with the widths of its features."""
    root.mkdir()
    write_timm(root / "timm")
    write_bert(root / "bert")
    save_clip(root / "clip", build_clip(Architecture(), seed=1))
    return {
        "two models": (EncoderFiles(None, root / "timm", root / "bert"), (256, 24)),
        "text model": (EncoderFiles(root / "clip", None, root / "bert"), (64, 24)),
        "image model": (EncoderFiles(root / "clip", root / "timm", None), (256, 64)),
        "one CLIP": (EncoderFiles(root / "clip"), (64, 64)),
        "random": (EncoderFiles(), (64, 64)),
    }


@pytest.mark.parametrize("kind", ["two models", "text model", "image model", "one CLIP", "random"])
def test_scores_are_those_of_the_whole_model(tmp_path: Path, kind: str) -> None:
    write_classification(tmp_path / "sets" / "six", list(COLOURS))
    write_retrieval(tmp_path / "sets" / "captions")
    write_multilabel(tmp_path / "sets" / "several")
    files, widths = encoder_folders(tmp_path / "models")[kind]
    settings = EmbeddingConfig(seed=5)
    weights = (None if path is None else external(path, tmp_path) for path in
               (files.model, files.image_model, files.text_model))  # fmt: skip
    encoder = EncoderRecord(settings, *weights)
    runtime, sets = Runtime(store=tmp_path / "store"), external(tmp_path / "sets", tmp_path)
    heads = random_heads.run(*widths, runtime=runtime)
    if files == EncoderFiles():
        save_clip(tmp_path / "drawn", build_clip(Architecture(), seed=5))
        files = EncoderFiles(tmp_path / "drawn")
    folder = runtime.store / "heads" / heads.key
    model = load_trained(folder, files.model, image_base=files.image_model, text_base=files.text_model)
    for name in ("six", "captions", "several"):
        encoded = encode_benchmark.run(CONFIG, name, encoder, sets, runtime=runtime)
        scored = evaluate_heads.run(CONFIG, heads, encoded, runtime=runtime)
        layout = inspect_layout(sets.path / name, name=name)
        loader = their_loader(layout, model.transform, CONFIG.batch_size)
        if name != "captions":
            theirs = zeroshot_classification.evaluate(
                model.model, loader, model.tokenizer, list(layout.classes), list(layout.templates), "cpu", amp=False
            )
        else:
            theirs = zeroshot_retrieval.evaluate(model.model, loader, model.tokenizer, "cpu", amp=False,
                                                 recall_k_list=[1, 5])  # fmt: skip
        for metric, value in theirs.items():
            assert scored.stats[metric] == pytest.approx(value, abs=1e-6), metric


def test_what_is_saved_comes_back(tmp_path: Path) -> None:
    layout = inspect_layout(write_retrieval(tmp_path / "captions"), name="captions")
    encoders = open_encoders(EmbeddingConfig(), EncoderFiles(), "cpu")
    encoded = encode_layout(layout, encoders, batch_size=5)
    save_encoded(tmp_path, encoded)
    again = load_encoded(tmp_path)
    assert torch.equal(again.images, encoded.images) and torch.equal(again.texts, encoded.texts)
    assert again.targets == encoded.targets and again.wordings == encoded.wordings
    assert len(again.wordings) == len(set(again.wordings)) == len(again.texts)
    torch.testing.assert_close(encode_layout(layout, encoders, batch_size=256).images, encoded.images)
    torch.testing.assert_close(encoded.images.norm(dim=1), torch.ones(12))
    sizes = [(len(images), len(targets)) for images, targets in again.batches(5)]
    assert sizes == [(5, 5), (5, 5), (2, 2)]


def test_a_clip_is_scored_on_what_it_encoded_as_it_is_scored_whole(tmp_path: Path) -> None:
    write_classification(tmp_path / "sets" / "six", list(COLOURS))
    runtime, sets = Runtime(store=tmp_path / "store"), external(tmp_path / "sets", tmp_path / "store")
    clip = random_clip.run(0, runtime=runtime)
    encoded = encode_benchmark.run(CONFIG, "six", EncoderRecord(EmbeddingConfig(), clip), sets, runtime=runtime)
    whole = evaluate.run(CONFIG, "six", clip, sets, runtime=runtime)
    again = evaluate_encoded.run(CONFIG, clip, encoded, runtime=runtime)
    assert again.stats == whole.stats


@pytest.mark.parametrize(
    ("image", "text", "heads", "message"),
    [
        (8, 6, None, "image encoder gives 8 numbers and the text encoder 6"),
        (
            8,
            6,
            Heads(7, 6, hidden=4, outputs=3),
            "heads take image features of 7 numbers, but the image encoder gives 8",
        ),
        (8, 6, Heads(8, 5, hidden=4, outputs=3), "heads take text features of 5 numbers, but the text encoder gives 6"),
    ],
)
def test_sizes_that_differ_are_told(image: int, text: int, heads: Heads | None, message: str) -> None:
    with pytest.raises(InputError, match=message):
        require_sizes(heads, image, text)
    require_sizes(None, 4, 4)
    require_sizes(Heads(8, 6, hidden=4, outputs=3), 8, 6)


def test_an_encoder_of_images_alone_cannot_be_scored(tmp_path: Path) -> None:
    layout = inspect_layout(write_classification(tmp_path / "six", list(COLOURS)), name="six")
    encoders = open_encoders(EmbeddingConfig(modality="image"), EncoderFiles(), "cpu")
    with pytest.raises(InputError, match="need both modalities"):
        encode_layout(layout, encoders, batch_size=8)

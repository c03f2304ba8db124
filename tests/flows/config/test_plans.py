"""Plans, which join the configurations of several stages: sections given in part, and what cannot be joined."""

from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest
from pydantic import ValidationError

from flows.config.pipeline import PipelineConfig, load_config
from flows.config.plans.evaluation import EvaluationPlan
from flows.config.plans.screening import ScreeningEncoder
from flows.config.selfsupervised import SelfSupervisedExperiment
from storage.config import Config
from storage.errors import InputError
from tests.flows.conftest import edit


def sections(model: type[Config], seen: set[type[Config]]) -> Iterator[tuple[type[Config], str, Config]]:
    """Every field, in a configuration or below it, whose default is a section."""
    if model in seen:
        return
    seen.add(model)
    for name, field in model.model_fields.items():
        default = None if field.is_required() else field.get_default(call_default_factory=True, validated_data={})
        if isinstance(default, Config):
            yield model, name, default
        for inner in models_in(field.annotation):
            yield from sections(inner, seen)


def models_in(annotation: object) -> Iterator[type[Config]]:
    if isinstance(annotation, type) and issubclass(annotation, Config):
        yield annotation
    for part in get_args(annotation):
        yield from models_in(part)


SECTIONS = [*sections(PipelineConfig, seen := set()), *sections(SelfSupervisedExperiment, seen)]


@pytest.mark.parametrize(("model", "name", "default"), SECTIONS, ids=[f"{m.__name__}.{n}" for m, n, _ in SECTIONS])
def test_an_empty_section_is_the_default_one(model: type[Config], name: str, default: Config) -> None:
    discriminator = {key: value for key, value in default.model_dump(mode="json").items() if key in ("kind", "method")}
    field = model.model_fields[name]
    alone = type(f"Only{model.__name__}", (Config,), {"__annotations__": {name: field.annotation}, name: field})
    assert getattr(alone.model_validate({name: discriminator}), name) == default


def test_screening_compares_by_pixels_where_only_their_number_is_given() -> None:
    settings = ScreeningEncoder.model_validate({"settings": {"pixel_side": 16}}).settings
    assert (settings.encoder, settings.modality, settings.pixel_side) == ("pixels", "image", 16)


def sentence(path: Path) -> str:
    with pytest.raises(InputError) as caught:
        load_config(path)
    text = str(caught.value)
    assert "\n" not in text
    return text


@pytest.mark.parametrize(
    ("training", "words"),
    [
        ({"heads": {"half_steps": [0, 2], "settings": {"loss": {"gradient": "surrogate"}}}}, "exists for 2 half-steps"),
        ({"heads": {"settings": {"loss": {"half_steps": 7}}}}, "name the k of the heads in `half_steps`"),
        ({"heads": {"settings": {"batch": 10, "accumulate": 4}}}, "batch of 10 cannot be cut into 4 equal parts"),
        ({"settings": {"loss": {"gradient": "surrogate"}}}, "exists for 2 half-steps only, not 1"),
        ({"settings": {"schedule": {"kind": "constant", "final": 0.1}}}, "a constant rate has none"),
        ({"finetune": {"settings": {"loss": {"half_steps": 3, "gradient": "surrogate"}}}}, "exists for 2 half-steps"),
        ({"finetune": {"settings": {"regulariser": {"gamma": 0, "lambda_": 0}}}}, "would be its own control"),
        ({"settings": {"architecture": {"name": "ViT-Z"}}}, "'ViT-Z' is unknown"),
        ({"settings": {"architecture": {"name": "../ViT-B-32"}}}, "is unknown"),
        ({"settings": {"architecture": {"name": "ViT-B-16-SigLIP"}}}, "from a network"),
        ({"settings": {"architecture": {"image_size": 16}}}, "multiple of 32 pixels a side, not 16"),
        ({"settings": {"architecture": {"name": "RN50", "image_size": 63}}}, "multiple of 32"),
        ({"settings": {"architecture": {"name": "ViT-B-32", "image_size": 24}}}, "an image of 24 has none"),
        ({"initial": "a.safetensors", "settings": {"pretrained": "openai"}}, "two models to start from"),
        ({"settings": {"pretrained": "openai"}}, "no weights 'openai' of equipoise-tiny"),
    ],
)
def test_trainings_that_cannot_be(small: Path, training: dict, words: str) -> None:
    assert words in sentence(edit(small, training={"seeds": [0]} | training))


def test_a_surrogate_of_heads_at_two_half_steps(small: Path) -> None:
    heads = {"half_steps": [2], "settings": {"loss": {"gradient": "surrogate"}}}
    assert load_config(edit(small, training={"seeds": [0], "heads": heads})).training.heads.half_steps == (2,)


@pytest.mark.parametrize(
    ("encoder", "words"),
    [
        ({"settings": {"modality": "image"}}, "training.heads need images and captions"),
        ({"settings": {"encoder": "pixels", "modality": "image"}}, "encoded by a model, not encoder: pixels"),
        ({"settings": {"architecture": {"name": "RN50"}}}, "is not that of the trained model"),
        ({"model": "clip", "image_model": "timm", "text_model": "bert"}, "`model` is not used"),
        ({"image_model": "timm", "settings": {"modality": "text"}}, "`image_model` encodes images"),
        ({"image_model": "timm", "settings": {"encoder": "pixels", "modality": "image"}}, "pixels"),
        ({"text_model": "bert", "settings": {"modality": "image"}}, "`text_model` encodes captions"),
    ],
)
def test_encoders_that_do_not_serve(small: Path, encoder: dict, words: str) -> None:
    assert words in sentence(edit(small, encoder=encoder))


def test_geometry_of_what_is_not_encoded(small: Path) -> None:
    bare = edit(small, training=None, evaluation=None, geometry={"modality": "image"})
    assert "geometry.modality is image" in sentence(
        edit(bare, encoder={"model": None, "settings": {"modality": "text"}})
    )


def test_batches_have_equal_parts_over_ranks(small: Path) -> None:
    words = "training.settings: a batch of 16 cannot be cut into 3 equal parts"
    assert words in sentence(edit(small, ranks=3))


def test_a_probe_learns_where_there_is_something_to_learn_from(tmp_path: Path) -> None:
    (tmp_path / "with" / "train").mkdir(parents=True)
    (tmp_path / "without").mkdir()
    benchmarks = [{"name": name, "path": tmp_path / name} for name in ("with", "without")]
    plan = EvaluationPlan.model_validate({"benchmarks": benchmarks, "probe": {}})
    assert [each.name for each in plan.probed] == ["with"] and list(plan.faults()) == []
    (tmp_path / "with" / "train").rmdir()
    assert "no benchmark has a sub-folder 'train'" in next(plan.faults())
    with pytest.raises(ValidationError, match=r"probe.benchmarks names 'absent', which is none of with, without"):
        EvaluationPlan.model_validate({"benchmarks": benchmarks, "probe": {"benchmarks": ["absent"]}})

"""Plans, which join the configurations of several stages: sections given in part, and what cannot be joined."""

from collections.abc import Iterator
from typing import get_args

import pytest

from flows.config.pipeline import PipelineConfig
from flows.config.plans import ScreeningEncoder
from flows.config.selfsupervised import SelfSupervisedExperiment
from storage.config import Config


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

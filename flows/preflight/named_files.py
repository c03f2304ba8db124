"""The paths of this machine that a configuration names, and those that lead nowhere."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from pydantic import BaseModel

from flows.config.experiment import Experiment
from flows.config.pipeline import PipelineConfig
from storage.places.place import is_url
from tasks.embedding.models.hub import is_name

_ELSEWHERE = ("output", "store")  # made where they are missing


def files(config: Experiment) -> Iterator[str]:
    """Paths of this machine that the configuration names and that lead nowhere."""
    evaluation = config.evaluation if isinstance(config, PipelineConfig) else None
    told: set[Path] = set()
    if evaluation is not None:
        yield from evaluation.faults()
        told.update(evaluation.named)
    for name, path in paths(config):
        if path not in told and not path.exists():
            told.add(path)
            hint = "" if path.is_absolute() else f" (it is taken from the current folder, {Path.cwd()})"
            yield f"`{name}`: {path} does not exist{hint}"
        elif path not in told and not os.access(path, os.R_OK):
            told.add(path)
            yield f"`{name}`: {path} may not be read by this user"


def paths(value: object) -> Iterator[tuple[str, Path]]:
    """Every path of this machine in a configuration, with the field that holds it; patterns and URLs are no paths."""
    for name, part in parts(value):
        if isinstance(part, Path) and not is_url(part) and not is_name(part) and not set("*?[{") & set(str(part)):
            yield name, part


def parts(value: object, name: str = "") -> Iterator[tuple[str, object]]:
    """Every section, item and value of a configuration, with the field that holds it."""
    yield name, value
    if isinstance(value, BaseModel):
        for field in type(value).model_fields:
            if name or field not in _ELSEWHERE:
                yield from parts(getattr(value, field), f"{name}.{field}" if name else field)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from parts(item, f"{name}.{key}")
    elif isinstance(value, tuple | list):
        for index, item in enumerate(value):
            yield from parts(item, f"{name}[{index}]")

"""The configuration that a stage ran with, from its manifest."""

from typing import TypeVar

from storage.config import Config
from storage.record.manifest import Manifest

Kind = TypeVar("Kind", bound=Config)


def settings(manifest: Manifest, kind: type[Kind]) -> Kind:
    """The configuration of a stage, as its own model."""
    return kind.model_validate(manifest.parameters["config"])

"""The configuration of a stage comes back as it was."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from storage.caching.stage import stage
from storage.store.workspace import Runtime, Workspace
from tasks.geometry.config import GeometryConfig
from tasks.reporting.inputs.settings import settings
from tasks.screening.config import DeduplicateConfig


@stage("deduplicate", version=1, modules=())
def configured(config: DeduplicateConfig, *, work: Workspace) -> dict[str, str]:
    return {}


@pytest.mark.parametrize("config", [DeduplicateConfig(), DeduplicateConfig(content="none", near=0)])
def test_settings_come_back(config: DeduplicateConfig, tmp_path: Path) -> None:
    made = configured.run(config, runtime=Runtime(store=tmp_path))
    assert settings(made, DeduplicateConfig) == config
    with pytest.raises(ValidationError):
        settings(made, GeometryConfig)

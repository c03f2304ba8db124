"""A small curation that has run, for commands that ask about it."""

from pathlib import Path

import pytest
import yaml

from flows.config.pipeline import PipelineConfig, load_config
from flows.run import run_here
from tests.flows.conftest import SMALL


@pytest.fixture(scope="package")
def experiment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The configuration of a small experiment that ends with its curation, after a run."""
    folder = tmp_path_factory.mktemp("curation")
    values = {name: SMALL[name] for name in ("sources", "metadata", "balancing")}
    path = folder / "small.yaml"
    path.write_text(yaml.safe_dump(values | {"output": str(folder / "run"), "store": str(folder / "store")}))
    run_here(load_config(path), "pipeline", announce=lambda line: None)
    return path


@pytest.fixture
def config(experiment: Path) -> PipelineConfig:
    return load_config(experiment)

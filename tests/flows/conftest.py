"""A small experiment on generated scenes: every stage of the pipeline, in seconds."""

from pathlib import Path
from typing import Any

import pytest
import yaml

SMALL: dict[str, Any] = {
    "sources": [{"kind": "scenes", "rows": 240, "rows_per_group": 120, "test_images": 64}],
    "metadata": {
        "sources": [{"kind": "entries", "entries": ["circle", "square", "star", "ring", "red", "blue", "two"]}]
    },
    "balancing": {"method": "rake", "target": {"kind": "capped", "t": 20}, "steps": ["y"]},
    "encoder": {"model": "trained"},
    "geometry": {},
    "training": {
        "seeds": [0],
        "settings": {"steps": 3, "batch": 16},
        "finetune": {"settings": {"steps": 2, "batch": 16}},
        "heads": {"half_steps": [1], "variants": ["balanced"], "settings": {"steps": 3, "batch": 16}},
    },
    "evaluation": {"settings": {"resamples": 100}, "benchmarks": [{"name": "shape"}]},
    "report": {"resamples": 100},
}


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """The experiment's YAML file; its output and store lie in the test's own folder."""
    values = SMALL | {"output": str(tmp_path / "run"), "store": str(tmp_path / "store")}
    path = tmp_path / "small.yaml"
    path.write_text(yaml.safe_dump(values), encoding="utf-8")
    return path


def edit(path: Path, **changes: Any) -> Path:
    """Change top-level settings of a YAML file; None removes one."""
    values = yaml.safe_load(path.read_text(encoding="utf-8")) | changes
    path.write_text(yaml.safe_dump({name: value for name, value in values.items() if value is not None}))
    return path

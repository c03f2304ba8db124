"""Faults of a configuration, as `status` and `run` tell them."""

from pathlib import Path

from flows.config.pipeline import load_config
from flows.preflight.check import preflight

BARE = {"training": None, "evaluation": None, "encoder": None, "geometry": None}


def faults(path: Path, verb: str = "pipeline") -> list[str]:
    """Every one that is known before the verb starts."""
    return list(preflight(load_config(path), verb))  # type: ignore[arg-type]

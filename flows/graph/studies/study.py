"""A study's graph, by its kind."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from flows.config.studies.study import StudyExperiment
from flows.engine.engine import Engine, Ref
from flows.graph.studies.balance_k import balance_k_graph

GRAPHS: Mapping[str, Callable[[Engine, Any, Path], Ref]] = {"balance-k": balance_k_graph}
"""By kind: takes the engine, the study's plan and the store; returns the place of its page."""


def study_graph(engine: Engine, config: StudyExperiment) -> Ref:
    """Submit a study's stages; the last, its page, is called `report` in every study."""
    return GRAPHS[config.study.kind](engine, config.study, config.runtime.store)

"""A study's graph, by its kind."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from flows.config.studies.study import StudyExperiment
from flows.engine.engine import Engine, Ref
from flows.graph.studies.balance_k import balance_k_graph
from flows.graph.studies.curation import curation_graph
from flows.graph.studies.online import online_graph
from flows.graph.studies.selfsupervised import comparison_graph
from flows.graph.studies.simulated import baselines_graph, illustration_graph
from flows.graph.studies.tregs_cost import cost_graph
from flows.graph.studies.tregs_points import points_graph
from flows.graph.studies.tregs_retrieval import retrieval_graph
from flows.graph.studies.zero_shot import zero_shot_graph

GRAPHS: Mapping[str, Callable[[Engine, Any, Path], Ref]] = {
    "balance-k": balance_k_graph,
    "zero-shot": zero_shot_graph,
    "curation": curation_graph,
    "online": online_graph,
    "baselines": baselines_graph,
    "illustration": illustration_graph,
    "tregs-ssl": comparison_graph,
    "tregs-coefficients": comparison_graph,
    "clustering": comparison_graph,
    "tregs-cost": cost_graph,
    "tregs-points": points_graph,
    "tregs-retrieval": retrieval_graph,
}
"""By kind: takes the engine, the study's plan and the store; returns the place of its page."""


def study_graph(engine: Engine, config: StudyExperiment) -> Ref:
    """Submit a study's stages; the last, its page, is called `report` in every study."""
    return GRAPHS[config.study.kind](engine, config.study, config.runtime.store)

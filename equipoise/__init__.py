"""Equipoise from Python: balance captions, match keywords, contrastive losses, spanning trees, and whole experiments.

Each name is loaded when it is first used, from the room that defines it: importing this package takes no time, asking
for a run's `status` loads no torch, and a loss loads no Prefect. Every name has an example: `help(equipoise.rake)`.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flows.api import load, run, status
    from flows.config.pipeline import load_experiment
    from storage.errors import EquipoiseError
    from storage.store.store import Store
    from tasks.balancing.calibration.calibrate import calibrate
    from tasks.balancing.raking.rake import rake
    from tasks.balancing.result import Balance
    from tasks.balancing.threshold_rule import threshold
    from tasks.geometry.neighbours.knn import knn
    from tasks.geometry.shape.dimension import intrinsic_dimension
    from tasks.geometry.shape.uniformity import treg_uniformity
    from tasks.geometry.tree.mst import SpanningTree, minimum_spanning_tree
    from tasks.matching.matcher import KeywordMatcher
    from tasks.matching.spacing.text import spacing
    from tasks.resampling.sampling.draw import draw
    from tasks.training.loaders.selected_tars import select
    from tasks.training.losses.balanced import balanced_contrastive_loss
    from tasks.training.losses.modules import BalancedClipLoss, TregLoss
    from tasks.training.models.heads import Heads
    from tasks.training.models.saved import load_trained
    from tasks.training.tregs.treg import mst_length, treg

__all__ = [
    "Balance",
    "BalancedClipLoss",
    "EquipoiseError",
    "Heads",
    "KeywordMatcher",
    "SpanningTree",
    "Store",
    "TregLoss",
    "balanced_contrastive_loss",
    "calibrate",
    "draw",
    "intrinsic_dimension",
    "knn",
    "load",
    "load_experiment",
    "load_trained",
    "minimum_spanning_tree",
    "mst_length",
    "rake",
    "run",
    "select",
    "spacing",
    "status",
    "threshold",
    "treg",
    "treg_uniformity",
]

_HOMES = {
    "load": "flows.api",
    "run": "flows.api",
    "status": "flows.api",
    "load_experiment": "flows.config.pipeline",
    "EquipoiseError": "storage.errors",
    "Store": "storage.store.store",
    "calibrate": "tasks.balancing.calibration.calibrate",
    "rake": "tasks.balancing.raking.rake",
    "Balance": "tasks.balancing.result",
    "threshold": "tasks.balancing.threshold_rule",
    "knn": "tasks.geometry.neighbours.knn",
    "intrinsic_dimension": "tasks.geometry.shape.dimension",
    "treg_uniformity": "tasks.geometry.shape.uniformity",
    "SpanningTree": "tasks.geometry.tree.mst",
    "minimum_spanning_tree": "tasks.geometry.tree.mst",
    "KeywordMatcher": "tasks.matching.matcher",
    "spacing": "tasks.matching.spacing.text",
    "draw": "tasks.resampling.sampling.draw",
    "select": "tasks.training.loaders.selected_tars",
    "balanced_contrastive_loss": "tasks.training.losses.balanced",
    "BalancedClipLoss": "tasks.training.losses.modules",
    "TregLoss": "tasks.training.losses.modules",
    "Heads": "tasks.training.models.heads",
    "load_trained": "tasks.training.models.saved",
    "mst_length": "tasks.training.tregs.treg",
    "treg": "tasks.training.tregs.treg",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401  type checkers read the true types above
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        value = getattr(import_module(_HOMES[name]), name)
    except ImportError as error:
        from storage.extras import explanation

        if (told := explanation(error)) is None:
            raise
        raise ImportError(f"equipoise.{name}: {told}", name=error.name) from None
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])

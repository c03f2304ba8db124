"""The pipeline as a graph of stages, a module a verb. How the runs are carried out is the engine's business.

Every function submits stage runs to an engine (`flows.engine`) and hands their results on without looking at them.
"""

from flows.graph.curate import Curation, curate_graph
from flows.graph.evaluate import evaluate_graph
from flows.graph.report import report_graph
from flows.graph.screen import Screening
from flows.graph.train import Trained, Training, train_graph

__all__ = [
    "Curation",
    "Screening",
    "Trained",
    "Training",
    "curate_graph",
    "evaluate_graph",
    "report_graph",
    "train_graph",
]

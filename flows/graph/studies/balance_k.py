"""The study `balance-k` as a graph of stages."""

from pathlib import Path

from flows.config.studies.balance_k import BalanceKPlan
from flows.engine.engine import Engine, Ref
from flows.graph.studies.encoding import features_graph
from tasks.studies.balance_k.task import balance_k, balance_k_page
from tasks.training.task import train_heads


def balance_k_graph(engine: Engine, plan: BalanceKPlan, store: Path) -> Ref:
    """Features → heads → variances for every number of half steps → the page."""
    features = features_graph(engine, plan.data, store)
    heads = engine.submit(
        train_heads, label="heads", config=plan.heads, seed=plan.settings.seed, embeddings=list(features.embeddings)
    )
    measured = engine.submit(
        balance_k, label="variances", config=plan.settings, model=heads, embeddings=list(features.embeddings)
    )
    return engine.submit(balance_k_page, label="report", config=plan.settings, measured=measured)

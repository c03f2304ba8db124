"""The flows: one per verb, and `pipeline`, which does it all. Each verb includes the ones before it, from the cache."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from prefect import flow
from prefect.context import FlowRunContext
from prefect.flows import Flow
from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner

from flows.config.experiment import Experiment
from flows.config.pipeline import PipelineConfig, load_experiment
from flows.config.selfsupervised import SelfSupervisedExperiment
from flows.engine.prefect_engine import PrefectEngine
from flows.graph.build import AnyExperiment, build
from flows.lineage_artifact import publish_lineage
from flows.run import deliver, raise_first
from flows.verbs import Verb
from storage.errors import EquipoiseError

THREADS: TaskRunner[Any] = ThreadPoolTaskRunner(max_workers=2)


def _run(config: AnyExperiment | Path, verb: Verb, again: Callable[[], "Flow[..., Any]"]) -> None:
    settings = load_experiment(config) if isinstance(config, Path) else config
    if settings.runner == "ray" and not _on_ray():
        again().with_options(task_runner=task_runner(settings))(settings)
        return
    engine = PrefectEngine(settings.runtime)
    report = build(engine, settings, verb)
    nodes = engine.finish()
    publish_lineage(settings, nodes, wait_for=[report] if report else None)
    raise_first(nodes)
    deliver(settings, report.result().manifest if report else None)


@flow(name="curate", task_runner=THREADS)
def curate(config: PipelineConfig | Path) -> None:
    """Ingest, match, balance, resample: curated Parquet shards and the random control."""
    _run(config, "curate", lambda: curate)


@flow(name="train", task_runner=THREADS)
def train(config: PipelineConfig | Path) -> None:
    """Curation from the cache, then every variant and seed, fine-tuning, embedding and geometry."""
    _run(config, "train", lambda: train)


@flow(name="evaluate", task_runner=THREADS)
def evaluate(config: PipelineConfig | Path) -> None:
    """Curation and training from the cache, then every model on every benchmark, and the report."""
    _run(config, "evaluate", lambda: evaluate)


@flow(name="pipeline", task_runner=THREADS)
def pipeline(config: PipelineConfig | Path) -> None:
    """From sources to the report: original against balanced against random, on equal budgets."""
    _run(config, "pipeline", lambda: pipeline)


@flow(name="selfsupervise", task_runner=THREADS)
def selfsupervise(config: SelfSupervisedExperiment | Path) -> None:
    """Pictures alone: self-supervised training over seeds, linear and nearest-neighbour evaluation, and the report."""
    _run(config, "selfsupervise", lambda: selfsupervise)


FLOWS: dict[Verb, "Flow[..., Any]"] = {
    "curate": curate,
    "train": train,
    "evaluate": evaluate,
    "pipeline": pipeline,
    "selfsupervise": selfsupervise,
}


def task_runner(config: Experiment) -> "TaskRunner[Any]":
    """The runner that a configuration asks for."""
    if config.runner == "threads":
        return ThreadPoolTaskRunner(max_workers=config.parallel)
    try:
        from prefect_ray import RayTaskRunner
    except ImportError:
        raise EquipoiseError("`runner: ray` needs Ray; install it with `pip install 'equipoise[ray]'`") from None
    runner: TaskRunner[Any] = RayTaskRunner(init_kwargs={"num_cpus": config.parallel})
    return runner


def _on_ray() -> bool:
    context = FlowRunContext.get()
    return context is not None and not isinstance(context.task_runner, ThreadPoolTaskRunner)

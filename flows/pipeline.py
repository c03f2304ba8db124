"""The flows: one per verb, and `pipeline`, which does it all. Each verb includes the ones before it, from the cache."""

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal

from prefect import flow
from prefect.context import FlowRunContext
from prefect.flows import Flow
from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner

from flows.config.experiment import Experiment
from flows.config.pipeline import PipelineConfig, load_experiment
from flows.config.selfsupervised import SelfSupervisedExperiment
from flows.engine import Engine, LocalEngine, Node, PrefectEngine
from flows.graph import Training, curate_graph, evaluate_graph, report_graph, train_graph
from flows.graph.selfsupervise import selfsupervise_graph
from flows.lineage import publish_lineage, write_lineage
from storage.errors import EquipoiseError, InputError
from storage.record.manifest import Manifest
from storage.store.store import Store

Verb = Literal["curate", "train", "evaluate", "pipeline", "selfsupervise"]
AnyExperiment = PipelineConfig | SelfSupervisedExperiment
THREADS: TaskRunner[Any] = ThreadPoolTaskRunner(max_workers=2)


def build(engine: Engine, config: AnyExperiment, verb: Verb) -> Any:
    """Submit the stages of a verb to an engine; the report's place, or None for the verbs that make none.

    Raises `InputError` for a verb of the other kind of experiment.
    """
    if isinstance(config, SelfSupervisedExperiment) != (verb == "selfsupervise"):
        raise InputError(f"the experiment {config.name!r} has no verb {verb}: it is run whole, by {config.whole}")
    if isinstance(config, SelfSupervisedExperiment):
        return selfsupervise_graph(engine, config)
    curation = curate_graph(engine, config)
    if verb == "curate" and config.training:
        return None
    training = Training() if verb == "curate" else train_graph(engine, config, curation)
    if verb == "train":
        return None
    scores = evaluate_graph(engine, config, curation, training) if config.training else {}
    return report_graph(engine, config, curation, training, scores)


def run_here(config: AnyExperiment, verb: Verb, announce: Callable[[str], None]) -> list[Node]:
    """Run a verb in this process, without a server, in the same store. Raises the first failure."""
    engine = LocalEngine(config.runtime, parallel=config.parallel, announce=announce)
    report = build(engine, config, verb)
    nodes = engine.finish()
    write_lineage(config.folder, nodes)
    _raise_first(nodes)
    _deliver(config, report.result() if report else None)
    return nodes


def _run(config: AnyExperiment | Path, verb: Verb, again: Callable[[], "Flow[..., Any]"]) -> None:
    settings = load_experiment(config) if isinstance(config, Path) else config
    if settings.runner == "ray" and not _on_ray():
        again().with_options(task_runner=task_runner(settings))(settings)
        return
    engine = PrefectEngine(settings.runtime)
    report = build(engine, settings, verb)
    nodes = engine.finish()
    publish_lineage(settings, nodes, wait_for=[report] if report else None)
    _raise_first(nodes)
    _deliver(settings, report.result().manifest if report else None)


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


def _raise_first(nodes: Sequence[Node]) -> None:
    for node in nodes:
        if node.state == "failed" and node.error is not None:
            node.error.add_note(f"in {node.label}")
            raise node.error


def _deliver(config: Experiment, report: Manifest | None) -> None:
    """Copy the report out of the store, to where a person looks for it."""
    if report is None:
        return
    source = Store(config.runtime.store).directory(report.stage, report.key)
    for file in report.files:
        target = config.folder / file.path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / file.path, target)

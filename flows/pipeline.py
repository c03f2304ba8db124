"""The flows: one per verb, and `pipeline`, which does it all. Each verb includes the ones before it, from the cache."""

import logging
import os
from collections.abc import Callable, Sequence
from copy import copy
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.context import FlowRunContext
from prefect.events import emit_event
from prefect.flows import Flow
from prefect.runtime import deployment, flow_run
from prefect.task_runners import TaskRunner

from flows.abandoned import close_abandoned, closing_what_is_left, sign
from flows.artifacts.lineage import publish_lineage
from flows.artifacts.task_page import TaskPages
from flows.config.experiment import Experiment
from flows.config.pipeline import PipelineConfig, load_experiment
from flows.config.selfsupervised import SelfSupervisedExperiment
from flows.config.studies.study import StudyExperiment
from flows.engine.engine import Node
from flows.engine.prefect_engine import PrefectEngine
from flows.following import announcement, brought, is_new, next_verb, remember
from flows.graph.build import AnyExperiment, build
from flows.late_form import LateForm
from flows.naming import run_name, run_tags
from flows.narration import TELL
from flows.run import begin, conclude, enter_results
from flows.threads import Threads
from flows.verbs import Verb
from flows.workers.workers import elsewhere
from storage.errors import EquipoiseError

THREADS: TaskRunner[Any] = Threads(max_workers=2)


def _run(config: AnyExperiment | Path, verb: Verb, again: Callable[[], "Flow[..., Any]"]) -> None:
    settings = load_experiment(config) if isinstance(config, Path) else config
    if settings.runner == "ray_task_runner" and not _on_ray():
        again().with_options(task_runner=task_runner(settings))(settings)
        return
    _tag(settings, verb)
    for name in close_abandoned():
        TELL.get()(f"{name}, whose process was killed, is closed in Prefect's UI")
    watch = begin(settings, verb, TELL.get())
    with TaskPages(settings) as pages, closing_what_is_left(), elsewhere(settings) as there:
        engine = PrefectEngine(
            settings.runtime,
            experiment=settings.name,
            ended=pages.show,
            follower=watch,
            in_threads=not _on_ray(),
            judgement=watch.judgement,
            elsewhere=there,
        )
        report = build(engine, settings, verb)
        nodes = engine.finish()
        described = enter_results(settings, verb, nodes, watch, flow_run=flow_run.id)
        whole = not any(node.error for node in nodes)  # Prefect would not start a task that waits for one that failed
        publish_lineage(settings, described, wait_for=[report] if whole else None)
        pages.close()
    conclude(settings, verb, nodes, watch)
    _announce(settings, verb, nodes)


def _name() -> str:
    """What the current flow run is called: experiment and verb."""
    return run_name(flow_run.parameters.get("config"), flow_run.flow_name)


def _tag(config: Experiment, verb: Verb) -> None:
    """Tag the current flow run, wherever it was started from."""
    if flow_run.id is None:
        return
    tags = list(dict.fromkeys([*flow_run.tags, *run_tags(config.name, verb)]))
    with get_client(sync_client=True) as client:
        client.update_flow_run(UUID(flow_run.id), tags=tags)
        sign(client, UUID(flow_run.id))


def _announce(config: Experiment, verb: Verb, nodes: Sequence[Node]) -> None:
    """Let the next verb follow, where this one brought something that was not announced before."""
    if (following := next_verb(config, verb)) is None:
        return
    digest = brought(nodes)
    logger = logging.getLogger("equipoise.flow")
    if is_new(config.folder, verb, digest):
        emit_event(**announcement(config, verb, digest, deployment=deployment.name))
        remember(config.folder, verb, digest)
        logger.info("%s brought something new: where %s is deployed, it follows", verb, following)
    else:
        logger.info("%s brought nothing new: %s does not follow", verb, following)


@partial(LateForm, name="curate", flow_run_name=_name, task_runner=THREADS)
def curate(config: PipelineConfig | Path) -> None:
    """Ingest, match, balance, resample: curated Parquet shards and the random control."""
    _run(config, "curate", lambda: curate)


@partial(LateForm, name="train", flow_run_name=_name, task_runner=THREADS)
def train(config: PipelineConfig | Path) -> None:
    """Curation from the cache, then every variant and seed, fine-tuning, embedding and geometry."""
    _run(config, "train", lambda: train)


@partial(LateForm, name="evaluate", flow_run_name=_name, task_runner=THREADS)
def evaluate(config: PipelineConfig | Path) -> None:
    """Curation and training from the cache, then every model on every benchmark, and the report."""
    _run(config, "evaluate", lambda: evaluate)


@partial(LateForm, name="pipeline", flow_run_name=_name, task_runner=THREADS)
def pipeline(config: PipelineConfig | Path) -> None:
    """From sources to the report: original against balanced against random, on equal budgets."""
    _run(config, "pipeline", lambda: pipeline)


@partial(LateForm, name="selfsupervise", flow_run_name=_name, task_runner=THREADS)
def selfsupervise(config: SelfSupervisedExperiment | Path) -> None:
    """Pictures alone: self-supervised training over seeds, linear and nearest-neighbour evaluation, and the report."""
    _run(config, "selfsupervise", lambda: selfsupervise)


@partial(LateForm, name="study", flow_run_name=_name, task_runner=THREADS)
def study(config: StudyExperiment | Path) -> None:
    """A study of the papers on data: its figures, its numbers and its page."""
    _run(config, "study", lambda: study)


FLOWS: dict[Verb, "Flow[..., Any]"] = {
    "curate": curate,
    "train": train,
    "evaluate": evaluate,
    "pipeline": pipeline,
    "selfsupervise": selfsupervise,
    "study": study,
}


def on_its_runner(verb: Verb, config: Experiment) -> "Flow[..., Any]":
    """The verb's flow, on the runner that a configuration asks for.

    A copy: `with_options` would derive the schema of the parameters, which a run has no need of.
    """
    chosen = copy(FLOWS[verb])
    chosen.task_runner = task_runner(config)
    return chosen


def task_runner(config: Experiment) -> "TaskRunner[Any]":
    """The runner that a configuration asks for: threads, even where others do the work, but for Prefect's own on Ray.

    For that Ray is started on this machine, with as many processors as `parallel` says, unless `RAY_ADDRESS` names a
    cluster: its own processors count then, every node must see the store at the same path and have this project.
    """
    if config.runner != "ray_task_runner":
        return Threads(max_workers=config.parallel)
    try:
        from prefect_ray import RayTaskRunner
    except ImportError:
        raise EquipoiseError(
            "`runner: ray_task_runner` needs Ray; install it with `pip install 'equipoise[ray]'`"
        ) from None
    cluster = os.environ.get("RAY_ADDRESS")
    runner: TaskRunner[Any] = RayTaskRunner(
        address=cluster, init_kwargs={} if cluster else {"num_cpus": config.parallel}
    )
    return runner


def _on_ray() -> bool:
    context = FlowRunContext.get()
    return context is not None and not isinstance(context.task_runner, Threads)

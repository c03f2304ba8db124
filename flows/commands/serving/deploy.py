"""`equipoise deploy`: an experiment's flows on a Prefect server, each verb started by the one before it."""

import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer
from pydantic import JsonValue

from flows.commands.console import AsJson, say, say_json
from flows.commands.serving.deployed import OFF, deployed, refuse_anothers, told
from flows.commands.serving.server import ensure_server
from flows.commands.store.store_commands import ConfigFile
from flows.config.pipeline import load_experiment
from flows.following import EVENTS, next_verb
from flows.graph.build import AnyExperiment
from flows.naming import run_tags
from flows.verbs import Verb
from storage.config import stated
from storage.errors import InputError

STEPS: tuple[Verb, ...] = ("curate", "train", "evaluate")
CONFIG_OF_EVENT: Mapping[str, object] = {
    "config": {
        "__prefect_kind": "json",
        "value": {"__prefect_kind": "jinja", "template": "{{ event.payload.config | tojson }}"},
    }
}
"""The parameters of a run that an event starts: the configuration that the event carries."""


def deploy(
    config: ConfigFile,
    cron: Annotated[
        str | None,
        typer.Option(
            help="start the first verb by this, as in '0 3 * * *', or never by itself: off; a schedule stays without it"
        ),
    ] = None,
    timezone: Annotated[str, typer.Option(help="of --cron")] = "UTC",
    pool: Annotated[str, typer.Option(help="work pool that runs it; made, of type process, where it is missing")] = (
        "local"
    ),
    values: Annotated[
        bool,
        typer.Option(
            "--values",
            help="give the deployments the configuration's values, which their forms in the UI then show and can "
            "change; else its path, and every run reads the file as it is then",
        ),
    ] = False,
    replace: Annotated[
        bool, typer.Option("--replace", help="take the place of another configuration's deployment of this name")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Deploy an experiment: its verbs as flows that a worker runs; training follows curation, evaluation training."""
    experiment = load_experiment(config)
    server = ensure_server()
    given = stated(experiment) if values else str(config)
    names, starts = deploy_experiment(experiment, given, pool=pool, cron=cron, timezone=timezone, replace=replace)
    prefect = "prefect" if shutil.which("prefect") else str(Path(sys.executable).with_name("prefect"))
    steps = (
        f"export PREFECT_API_URL={server.api}",
        f"{prefect} worker start --pool {pool}",
        f"{prefect} deployment run {names[0]}",
    )
    if as_json:
        say_json({"server": server.url, "deployments": names, "starts": starts, "pool": pool, "next": list(steps)})
        return
    say(f"deployed on {server.url}: {', '.join(names)}")
    say(f"{names[0]} starts {starts}")
    say("Start a worker where the data, the store and the device are, in this folder; then run the first verb:\n")
    for step in steps:
        say(f"  {step}")


def deploy_experiment(
    experiment: AnyExperiment,
    config: str | Mapping[str, JsonValue],
    *,
    pool: str,
    cron: str | None = None,
    timezone: str = "UTC",
    replace: bool = False,
) -> tuple[list[str], str]:
    """Create the deployments of an experiment on the server that is configured, or bring them up to date.

    Args:
        experiment: whose verbs.
        config: what their runs are given: the file's path, or the values.
        pool: the work pool, which is made where it is missing.
        cron: when the first verb starts; `off` for never by itself; None keeps the schedule that is there.
        timezone: of `cron`.
        replace: whether deployments of this name that run another file may be replaced.

    Returns:
        `flow/name` of each, and in words when the first starts.

    Raises:
        InputError: `cron` or `timezone` is none, or another file is deployed under this name.
    """
    from prefect.deployments.runner import RunnerDeployment
    from prefect.events.schemas.deployment_triggers import DeploymentEventTrigger
    from prefect.runner.storage import LocalStorage
    from prefect.schedules import Cron

    from flows.pipeline import FLOWS

    try:
        schedules = [Cron(cron, timezone=ZoneInfo(timezone).key)] if cron and cron != OFF else []
    except (ValueError, ZoneInfoNotFoundError) as error:
        raise InputError(f"--cron {cron!r} in {timezone}: {' '.join(str(error).split())[:200]}") from None
    verbs = verbs_of(experiment)
    standing = {verb: deployed(f"{verb}/{experiment.name}") for verb in verbs}
    if not replace:
        for verb, found in standing.items():
            refuse_anothers(f"{verb}/{experiment.name}", found, config)
    _ensure_pool(pool)
    here = Path.cwd()
    done: list[str] = []
    starts = ""
    for verb, before in verbs.items():
        deployment = RunnerDeployment.from_flow(
            FLOWS[verb],
            experiment.name,
            parameters={"config": config},
            tags=run_tags(experiment.name, verb),
            concurrency_limit=1,
            schedules=schedules if not done else [],
            triggers=[
                DeploymentEventTrigger(
                    name=f"{verb} {experiment.name} after {before}",
                    expect={EVENTS[before]},
                    match={"prefect.resource.id": f"equipoise.experiment.{experiment.name}"},
                    parameters=dict(CONFIG_OF_EVENT),
                )
            ] if before else [],
            work_pool_name=pool,
            job_variables={"working_dir": str(here)},
        )  # fmt: skip
        # By the module's name, which is found wherever the project is installed.
        deployment.entrypoint = f"{FLOWS[verb].fn.__module__}.{FLOWS[verb].fn.__name__}"
        deployment.storage = LocalStorage(str(here))
        found = standing[verb]
        if found and (done or cron is None):  # what was set here before, or in the UI, stays
            deployment.schedules = list(found.schedules)
        starts = starts or told(deployment.schedules or [])
        deployment.apply()
        done.append(f"{verb}/{experiment.name}")
    return done, starts


def verbs_of(experiment: AnyExperiment) -> dict[Verb, Verb | None]:
    """The verbs that an experiment has something for, each with the one that it follows; the whole comes last."""
    if experiment.whole in ("selfsupervise", "study"):
        return {experiment.whole: None}
    found: dict[Verb, Verb | None] = {"curate": None}
    for verb in STEPS:
        if following := next_verb(experiment, verb):
            found[following] = verb
        else:
            break
    return found | {experiment.whole: None}


def _ensure_pool(name: str) -> None:
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.actions import WorkPoolCreate
    from prefect.exceptions import ObjectNotFound
    from prefect.workers.process import ProcessWorker

    with get_client(sync_client=True) as client:
        try:
            client.read_work_pool(name)
        except ObjectNotFound:
            template = ProcessWorker.get_default_base_job_template()
            client.create_work_pool(WorkPoolCreate(name=name, type="process", base_job_template=template))

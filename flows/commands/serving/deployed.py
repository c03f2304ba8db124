"""What stands on a Prefect server under a deployment's name, before it is replaced."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import JsonValue

from storage.errors import InputError

if TYPE_CHECKING:
    from prefect.client.schemas.actions import DeploymentScheduleCreate, DeploymentScheduleUpdate

OFF = "off"
"""What `--cron` takes for no schedule."""


@dataclass(frozen=True)
class Deployed:
    """A deployment that is there already.

    Attributes:
        folder: where its runs work.
        file: the configuration that they read there; None where the deployment holds its values.
        schedules: when it starts by itself, those made or paused in the UI too.
    """

    folder: Path
    file: Path | None
    schedules: Sequence[DeploymentScheduleCreate]


def deployed(name: str) -> Deployed | None:
    """What stands under `flow/name`, or None."""
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.actions import DeploymentScheduleCreate
    from prefect.exceptions import ObjectNotFound

    with get_client(sync_client=True) as client:
        try:
            found = client.read_deployment_by_name(name)
        except ObjectNotFound:
            return None
    schedules = [
        DeploymentScheduleCreate(schedule=each.schedule, active=each.active, parameters=each.parameters, slug=each.slug)
        for each in found.schedules
    ]
    folder, config = Path(found.job_variables.get("working_dir", "")), found.parameters.get("config")
    return Deployed(folder, folder / config if isinstance(config, str) else None, schedules)


def refuse_anothers(name: str, before: Deployed | None, config: str | Mapping[str, JsonValue]) -> None:
    """Raises `InputError` where the deployment of this name is another file's or another folder's: two people's, say.

    `config` is what is to be deployed now, from the current folder.
    """
    if before is None:
        return
    file, folder = (Path.cwd() / config).resolve() if isinstance(config, str) else None, Path.cwd().resolve()
    if before.file and file:
        same, where = before.file.resolve() == file, before.file
    else:
        same, where = before.folder.resolve() == folder, before.folder
    if not same:
        raise InputError(
            f"{name} is deployed from {where} already; give the experiment another `name`, or take its place with "
            "--replace"
        )


def told(schedules: Sequence[DeploymentScheduleCreate | DeploymentScheduleUpdate]) -> str:
    """When a deployment starts by itself, in words."""
    if not schedules:
        return "by hand only; --cron gives it a schedule"
    return "; ".join(
        f"by {getattr(each.schedule, 'cron', each.schedule)}, {getattr(each.schedule, 'timezone', None) or 'UTC'}"
        + ("" if each.active else ", paused")
        for each in schedules
    )

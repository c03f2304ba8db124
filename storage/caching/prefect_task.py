"""A stage as a cached Prefect task.

Prefect decides on reuse by a record at `<store>/.records/<stage>-<key>-<place>`; the record names the manifest, and
reading it fails when the store has that manifest no more, or one of its files is missing or truncated. Prefect then
sees no record and runs the task again: a deleted shard heals itself, and everything else stays cached. What the store
holds and Prefect has no record of (a run without Prefect, a copied store) gets its record when its key is asked for.
"""

import inspect
import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any, Literal

import xxhash
from prefect import Task, task_engine
from prefect.cache_policies import CachePolicy
from prefect.client.schemas.objects import TaskRun
from prefect.context import TaskRunContext
from prefect.filesystems import LocalFileSystem
from prefect.results import ResultStore
from prefect.serializers import Serializer

from storage.atomic import where_writable
from storage.caching.progress_artifact import ProgressArtifact
from storage.caching.stage import Elsewhere, Stage
from storage.errors import EquipoiseError, StoreError
from storage.progress import Report, silent
from storage.record.keys import KeyParts
from storage.record.manifest import Manifest
from storage.store.publish import Began, bind
from storage.store.staleness import Earlier, reasons
from storage.store.store import RECORDS, Store
from storage.store.workspace import Runtime
from storage.tree import map_tree

AFTER = "after"
"""The argument of a task that is no input of its stage: results that it waits for."""

Admit = Callable[[dict[str, Any]], None]
"""Raises `EquipoiseError` where a run may not begin with its inputs."""


class Output:
    """A manifest on its way from one Prefect task to the next.

    Prefect draws the edges of a run's graph by the identity of what a result holds, one layer deep; shared strings and
    the one empty tuple inside a manifest would join stages that have nothing to do with each other. This class is none
    of the containers that Prefect looks into.
    """

    def __init__(self, manifest: Manifest, why: tuple[str, ...] = ()) -> None:
        self.manifest = manifest
        self.why = why
        """Why it was computed, a phrase each; empty for what was found."""


def unwrap(inputs: dict[str, Any]) -> dict[str, Any]:
    """The inputs with every `Output` inside them replaced by its manifest."""
    return {
        name: map_tree(value, lambda leaf: leaf.manifest if isinstance(leaf, Output) else leaf)
        for name, value in inputs.items()
    }


class ManifestSerializer(Serializer):
    """Writes which run of which store; reads back what the store itself holds, and refuses what is not all there."""

    type: Literal["equipoise-manifest"] = "equipoise-manifest"
    # For writing only: the server forgets a serializer's own fields, so a record itself says where its store lies.
    store: str = ""

    def dumps(self, obj: Output | BaseException) -> bytes:
        """Where the manifest lies, as JSON; of a failed run, its error."""
        if isinstance(obj, Output):
            return json.dumps({"store": self.store, "stage": obj.manifest.stage, "key": obj.manifest.key}).encode()
        return json.dumps({"error": f"{type(obj).__name__}: {obj}"}).encode()

    def loads(self, blob: bytes) -> Output:
        """The store's manifest of the run that the record names: a rebuilt output may differ from the recorded one.

        Raises `StoreError` where the manifest or a file of it is missing or truncated, or where the run had failed.
        """
        record = json.loads(blob)
        if failure := record.get("error"):
            raise StoreError(failure)
        store = Store(Path(record["store"]))
        manifest = store.read(record["stage"], record["key"])
        if manifest is None:
            raise StoreError(f"{record['stage']}/{record['key']} is missing from {store.root}, or unreadable")
        if faults := store.damage(manifest):
            raise StoreError("; ".join(faults))
        return Output(manifest)


@dataclass
class StagePolicy(CachePolicy):
    """The cache policy of one stage: its key, computed from the task's resolved inputs."""

    stage: Stage | None = None
    store: Path = Path()
    admit: Admit | None = None

    def compute_key(
        self, task_ctx: TaskRunContext, inputs: dict[str, Any], flow_parameters: dict[str, Any], **kwargs: object
    ) -> str | None:
        """The record's name, from the call's arguments and the store's place: device and workers take no part.

        None where the inputs are not admitted: the task then begins, whatever is recorded of it, and says why it ends.
        """
        assert self.stage is not None
        arguments = unwrap(inputs)
        if self.admit is not None:
            try:
                self.admit(arguments)
            except EquipoiseError:
                return None
        arguments.pop(AFTER, None)
        parts = self.stage.parts(**arguments)
        name = record_name(parts.stage, parts.key, self.store)
        if not (self.store / RECORDS / name).is_file() and (known := Store(self.store).find(parts.stage, parts.key)):
            with where_writable("what Prefect finds again"):
                _records(self.store).write(Output(known), key=name)
        return name


class StageTask(Task[..., Output]):
    """The task of one call of a stage. Its name is the call's label, and its one run is called by it from the start."""


def _called_by_its_label(create: Callable[..., TaskRun]) -> Callable[..., TaskRun]:
    """Prefect's maker of task runs, which invents a name until the inputs are there, such as `train-6e7`.

    There is no setting for it, and a run that waits may do so for hours. Where a later Prefect makes runs in another
    way, they are called by their label and three characters while they wait.
    """

    @wraps(create)
    def created(task: Task[..., Any], *args: object, **options: object) -> TaskRun:
        run = create(task, *args, **options)
        return run.model_copy(update={"name": task.name}) if isinstance(task, StageTask) else run

    return created


MAKER = "_create_task_run_locally"
if hasattr(task_engine, MAKER):
    setattr(task_engine, MAKER, _called_by_its_label(getattr(task_engine, MAKER)))


def prefect_task(  # noqa: PLR0913 - where, how, and whom to tell are each one thing
    stage: Stage,
    runtime: Runtime,
    *,
    label: str,
    artifact: str = "",
    earlier: Earlier | None = None,
    began: Began | None = None,
    report: Report = silent,
    admit: Admit | None = None,
    elsewhere: Elsewhere | None = None,
) -> Task[..., Output]:
    """The Prefect task of one call of a stage: named by `label`, its results kept in the runtime's store.

    Args:
        stage: what runs.
        runtime: where and with what.
        label: what people call this call.
        artifact: the key of the artifact that shows its progress; by default made of the label.
        earlier: what the store held when the walk over the graph began: why it runs is told by comparison with that.
        began: called when the work begins, in the process that does it; None: a line in the run's log.
        report: told how far it is, beside the progress artifact.
        admit: raises where a run may not begin with its inputs, or after what is given as `after`.
        elsewhere: does the work, where not the task itself.

    The task takes the stage's inputs and `after`: results that it only waits for.
    """

    def made(args: tuple[object, ...], inputs: dict[str, Any]) -> Output:
        before = unwrap({AFTER: inputs.pop(AFTER, ())})
        arguments = unwrap(bind(stage.function, args, inputs))
        if admit is not None:
            admit(arguments | before)
        progress = ProgressArtifact(f"{artifact or label}-progress", label)
        why: tuple[str, ...] = ()

        def both(done: int, total: int, line: str) -> None:
            progress(done, total, line)
            report(done, total, line)

        def start(parts: KeyParts) -> None:
            nonlocal why
            why = reasons(parts, Store(runtime.store), earlier)
            if began is None:
                logging.getLogger("equipoise.run").info("%s: starts", label)
            else:
                began(parts)

        manifest = stage.run(runtime=runtime, report=both, began=start, elsewhere=elsewhere, **arguments)
        return Output(manifest, why)

    def body(*args: object, **inputs: object) -> Output:  # Prefect reads the source of each task: two lines of it
        return made(args, inputs)

    signature = inspect.signature(stage.function)
    inputs = [parameter for name, parameter in signature.parameters.items() if name != "work"]
    inputs.append(inspect.Parameter(AFTER, inspect.Parameter.KEYWORD_ONLY, default=()))
    body.__signature__ = signature.replace(parameters=inputs, return_annotation=Output)  # type: ignore[attr-defined]
    body.__name__ = body.__qualname__ = stage.name
    body.__doc__ = stage.function.__doc__
    # No tags: Prefect asks the server for a slot of every tag, by a client of its own, a quarter of a second a run.
    return StageTask(
        body,
        name=label,
        task_run_name=label.replace("{", "{{").replace("}", "}}"),
        cache_policy=StagePolicy(stage=stage, store=runtime.store, admit=admit),
        result_storage=runtime.store.resolve() / RECORDS,
        result_serializer=ManifestSerializer(store=str(runtime.store.resolve())),
        cache_result_in_memory=False,
        persist_result=True,
    )


def record_name(stage: str, key: str, store: Path) -> str:
    """The file name of Prefect's record of one run.

    The store's place is part of it, because the record holds that place: a store that was moved or copied must not
    be judged by the files of the old one. Its runs are found again without computing.
    """
    place = xxhash.xxh3_64_hexdigest(str(store.resolve()).encode("utf-8", "surrogateescape"))
    return f"{stage}-{key}-{place}"


def _records(store: Path) -> ResultStore:
    root = store.resolve()
    return ResultStore(
        result_storage=LocalFileSystem(basepath=str(root / RECORDS)),
        serializer=ManifestSerializer(store=str(root)),
        cache_result_in_memory=False,
    )

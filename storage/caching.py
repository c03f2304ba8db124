"""`@stage`: a function of manifests becomes a cached Prefect task that also runs without Prefect's server.

Prefect decides on reuse by a record at `<store>/.records/<stage>-<key>-<place>`; the record names the manifest, and
reading it fails when the store has that manifest no more, or one of its files is missing or truncated. Prefect then
sees no record and runs the task again: a deleted shard heals itself, and everything else stays cached.
"""

import inspect
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import xxhash
from prefect import Task
from prefect.cache_policies import CachePolicy
from prefect.filesystems import LocalFileSystem
from prefect.results import ResultStore
from prefect.serializers import Serializer

from storage.errors import StoreError
from storage.fingerprint import fingerprint
from storage.keys import KeyParts, key_parts
from storage.manifest import Manifest
from storage.publish import StageFunction, bind, compute
from storage.store import RECORDS, Store
from storage.workspace import Runtime


class ManifestSerializer(Serializer):
    """Writes manifests as JSON; reads back what the store itself holds, and refuses what is not all there."""

    type: Literal["equipoise-manifest"] = "equipoise-manifest"
    store: str

    def dumps(self, obj: Manifest | BaseException) -> bytes:
        """The manifest as UTF-8 JSON; of a failed run, its error."""
        if isinstance(obj, Manifest):
            return obj.model_dump_json().encode()
        return json.dumps({"error": f"{type(obj).__name__}: {obj}"}).encode()

    def loads(self, blob: bytes) -> Manifest:
        """The store's manifest of the run that the record names: a rebuilt output may differ from the recorded one.

        Raises `StoreError` where the manifest or a file of it is missing or truncated, or where the run had failed.
        """
        if failure := json.loads(blob).get("error"):
            raise StoreError(failure)
        recorded = Manifest.model_validate_json(blob)
        store = Store(Path(self.store))
        manifest = store.read(recorded.stage, recorded.key)
        if manifest is None:
            raise StoreError(f"{recorded.name}/manifest.json is missing from {self.store} or unreadable")
        if faults := store.damage(manifest):
            raise StoreError("; ".join(faults))
        return manifest


@dataclass
class StagePolicy(CachePolicy):
    """The cache policy of one stage: its key, computed from the task's resolved inputs."""

    stage: "Stage | None" = None
    store: Path = Path()

    def compute_key(
        self, task_ctx: Any, inputs: dict[str, Any], flow_parameters: dict[str, Any], **kwargs: Any
    ) -> str | None:
        """The record's name, from the call's arguments and the store's place: device and workers take no part."""
        assert self.stage is not None
        parts = self.stage.parts(**inputs)
        return record_name(parts.stage, parts.key, self.store)


@dataclass(frozen=True)
class Stage:
    """One stage of the pipeline, as `@stage` makes it. Science stays in `function`; this is when and where it runs."""

    name: str
    version: int
    modules: tuple[str, ...]
    function: StageFunction

    @cached_property
    def code(self) -> str:
        """Fingerprint of everything the stage computes with."""
        return fingerprint(self.modules, self.function)

    def parts(self, *args: object, **kwargs: object) -> KeyParts:
        """What the key of this call is made of."""
        return key_parts(self.name, self.version, self.code, bind(self.function, args, kwargs))

    def run(self, *args: object, runtime: Runtime, **kwargs: object) -> Manifest:
        """Run here and now, without a server; cached in the same store, and cached for Prefect too."""
        arguments = bind(self.function, args, kwargs)
        parts = key_parts(self.name, self.version, self.code, arguments)
        manifest = compute(self.function, parts, arguments, runtime)
        name = record_name(parts.stage, parts.key, runtime.store)
        if not (runtime.store / RECORDS / name).is_file():
            _records(runtime.store).write(manifest, key=name)
        return manifest

    def task(self, runtime: Runtime, *, label: str) -> Task[..., Manifest]:
        """The Prefect task of one call: named by `label`, its results kept in the runtime's store."""

        def body(*args: object, **kwargs: object) -> Manifest:
            arguments = bind(self.function, args, kwargs)
            return compute(self.function, self.parts(**arguments), arguments, runtime)

        signature = inspect.signature(self.function)
        inputs = [parameter for name, parameter in signature.parameters.items() if name != "work"]
        body.__signature__ = signature.replace(parameters=inputs, return_annotation=Manifest)  # type: ignore[attr-defined]
        body.__name__ = body.__qualname__ = self.name
        body.__doc__ = self.function.__doc__
        return Task(
            body,
            name=self.name,
            task_run_name=label.replace("{", "{{").replace("}", "}}"),
            cache_policy=StagePolicy(stage=self, store=runtime.store),
            result_storage=runtime.store.resolve() / RECORDS,
            result_serializer=ManifestSerializer(store=str(runtime.store.resolve())),
            cache_result_in_memory=False,
            persist_result=True,
        )


def stage(name: str, *, version: int, modules: Sequence[str]) -> Callable[[StageFunction], Stage]:
    """Declare a stage: its name in the store, an explicit version, and the pure modules it computes with.

    The function takes configuration, plain values and manifests, and `work: Workspace` by keyword; it writes files
    under `work.output` and returns its stats.
    """

    def declare(function: StageFunction) -> Stage:
        made = Stage(name=name, version=version, modules=tuple(modules), function=function)
        _ = made.code  # now, while the files still say what was imported: an edit during a long run must not count
        return made

    return declare


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

"""Run a stage's function in a fresh directory and publish what it wrote. Knows nothing of Prefect."""

import importlib.metadata
import inspect
import shutil
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import TypeVar

from storage.errors import EquipoiseError, StoreError, disk_fault
from storage.hashing import canonical_json
from storage.progress import Report, followed, silent
from storage.record.external import require_unchanged
from storage.record.keys import KeyParts
from storage.record.manifest import External, Manifest, content_digest
from storage.record.stats import Figures, as_json
from storage.store.store import REMEDY, Store, describe_files
from storage.store.workspace import Runtime, Workspace
from storage.tree import leaves

# Packages whose version can change the bytes of a result.
SOFTWARE = ("equipoise", "numpy", "pyarrow", "polars", "scipy", "numba", "pillow", "ImageHash", "faiss-cpu", "torch",
            "torchvision", "open_clip_torch", "transformers", "clip-benchmark")  # fmt: skip

StageFunction = Callable[..., Figures]
"""Takes its inputs and `work: Workspace` by name; returns its figures."""

_READING = (OSError, ValueError)  # what reading an altered file raises: pyarrow's errors are the one or the other

_Input = TypeVar("_Input", External, Manifest)

Began = Callable[[KeyParts], None]
"""Is told that the run of a key begins."""
Make = Callable[[KeyParts, Mapping[str, object], Runtime, Report], Manifest]
"""Computes and publishes the output of a key, which its caller holds, somewhere else than here, and reports here."""


def nobody(parts: KeyParts) -> None:
    """Is told, and does nothing."""


def compute(
    function: StageFunction,
    parts: KeyParts,
    arguments: Mapping[str, object],
    runtime: Runtime,
    report: Report = silent,
    began: Began = nobody,
    elsewhere: Make | None = None,
) -> Manifest:
    """The published manifest of one run: found in the store, or computed and published.

    Args:
        function: what computes it.
        parts: what its key is made of.
        arguments: of the function, by name.
        runtime: where and with what it runs.
        report: told how far it is.
        began: called with `parts` if it is computed, before; never where the store has the result, whatever its clock.
        elsewhere: computes and publishes it in place of this process, which holds the key meanwhile.

    Returns:
        The manifest.

    One key is computed by one process at a time; another waits and takes the result. An exception leaves nothing
    behind but the checkpoints in the run's scratch directory. Raises `ValueError` for stats that JSON cannot hold
    (NaN, infinities), and `StoreError` where the disk is full, read-only or another user's.
    """
    store = Store(runtime.store)
    if found := store.find(parts.stage, parts.key):
        store.clear_scratch(parts.key)
        return found
    try:
        with store.lock(parts.key):
            found = store.find(parts.stage, parts.key)
            if found:
                return found
            began(parts)
            if elsewhere is not None:
                return elsewhere(parts, arguments, runtime, report)
            return _compute(function, parts, arguments, runtime, report)
    except OSError as error:
        if fault := disk_fault(error, store.root):
            raise fault from error
        raise


def make(
    function: StageFunction, parts: KeyParts, arguments: Mapping[str, object], runtime: Runtime, report: Report = silent
) -> Manifest:
    """Compute and publish the output of a key that another process holds, and which the store lacks."""
    return _compute(function, parts, arguments, runtime, report)


def _compute(
    function: StageFunction, parts: KeyParts, arguments: Mapping[str, object], runtime: Runtime, report: Report
) -> Manifest:
    store = Store(runtime.store)
    output = store.begin(parts.key)
    started = time.perf_counter()
    try:
        work = Workspace(parts.stage, parts.key, output, runtime, report)
        with followed(report):
            stats = as_json(_sound(function, arguments, work))
        canonical_json(stats)
        require_unchanged(_inputs(arguments, External), runtime.store)
        files = describe_files(output)
        manifest = Manifest(
            stage=parts.stage,
            key=parts.key,
            digest=content_digest(parts.stage, files),
            files=files,
            parents=parts.parents,
            parameters=parts.arguments,
            version=parts.version,
            code=parts.code,
            software=software(),
            stats=stats,
            seconds=round(time.perf_counter() - started, 3),
            created=datetime.now(UTC),
        )
        store.publish(output, manifest)
    finally:
        shutil.rmtree(output, ignore_errors=True)
    return store.find(parts.stage, parts.key) or manifest


def _sound(function: StageFunction, arguments: Mapping[str, object], work: Workspace) -> Figures:
    """What the function returns; where altered files of the store or the disk make it fail, an error that says so."""
    try:
        return function(**arguments, work=work)
    except Exception as error:
        if isinstance(error, _READING) or isinstance(error.__context__, _READING):
            inputs = _inputs(arguments, Manifest)
            if faults := [fault for each in inputs for fault in work.store.damage(each, content=True)]:
                raise StoreError(f"{'; '.join(faults[:3])}; {REMEDY}") from error
        if not isinstance(error, EquipoiseError) and (fault := disk_fault(error, work.output)):
            raise fault from error
        raise


def _inputs(arguments: Mapping[str, object], kind: type[_Input]) -> list[_Input]:
    return [leaf for _, leaf in leaves(arguments) if isinstance(leaf, kind)]


def bind(function: StageFunction, args: tuple[object, ...], kwargs: Mapping[str, object]) -> dict[str, object]:
    """The call's arguments by name, defaults filled in, without `work`."""
    signature = inspect.signature(function)
    inputs = [parameter for name, parameter in signature.parameters.items() if name != "work"]
    bound = signature.replace(parameters=inputs).bind(*args, **kwargs)
    bound.apply_defaults()
    return dict(bound.arguments)


@cache
def software() -> Mapping[str, str]:
    """Installed versions of the packages that can change results."""
    versions = {}
    for package in SOFTWARE:
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return versions

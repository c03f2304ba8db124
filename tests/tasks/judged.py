"""Outputs to be judged: a manifest of a stage with given figures."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from pydantic import JsonValue

from storage.record.manifest import FileRef, Manifest
from storage.record.stats import Stats, as_json
from tasks.checks import Checks, judge


def output(stage: str, stats: Stats, files: tuple[str, ...] = (), **parameters: JsonValue) -> Manifest:
    """The manifest of a run that left these figures."""
    refs = tuple(FileRef(path=name, bytes=1, hash="xxh3:0") for name in files)
    return Manifest(stage=stage, key="k", digest="d", files=refs, code="c", stats=as_json(stats), parameters=parameters,
                    created=datetime(2026, 11, 26, tzinfo=UTC))  # fmt: skip


def verdict(
    manifest: Manifest, folder: Path = Path(), limits: Mapping[str, JsonValue] | None = None
) -> dict[str, bool]:
    """Check → whether everything that it judged passed."""
    found: dict[str, bool] = {}
    for each in judge(Checks.model_validate(limits or {}), manifest, folder):
        found[each.check] = found.get(each.check, True) and each.passed
    return found

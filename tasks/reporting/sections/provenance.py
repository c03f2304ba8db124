"""What would have to be the same for the same bytes to come out: parameters, inputs, versions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from storage.record.manifest import Manifest

LONGEST = 400  # characters of one value


@dataclass(frozen=True)
class StageRecord:
    """A stage's runs.

    Attributes:
        stage: its name.
        runs: how many.
        digests: of their outputs.
        parameters: that they share or do not.
    """

    stage: str
    runs: int
    digests: tuple[str, ...]
    parameters: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Provenance:
    """The section: a record a stage, and the versions of packages that can change results."""

    records: tuple[StageRecord, ...]
    software: tuple[tuple[str, str], ...]


def read_provenance(manifests: Sequence[Manifest]) -> Provenance:
    """Of all outputs that the report rests on, in the order of the pipeline."""
    return Provenance(tuple(stage_records(manifests)), tuple(software(manifests)))


def stage_records(manifests: Sequence[Manifest]) -> list[StageRecord]:
    """One record a stage, in the order of first appearance; a parameter that differs between runs lists its values."""
    groups: dict[str, list[Manifest]] = {}
    for manifest in manifests:
        groups.setdefault(manifest.stage, []).append(manifest)
    return [
        StageRecord(
            stage=stage,
            runs=len(group),
            digests=tuple(manifest.digest for manifest in group),
            parameters=tuple(_shared([_flat(manifest.parameters) for manifest in group])),
        )
        for stage, group in groups.items()
    ]


def software(manifests: Sequence[Manifest]) -> list[tuple[str, str]]:
    """Package versions that can change results, over all manifests; several where runs differ."""
    versions: dict[str, dict[str, None]] = {}
    for manifest in manifests:
        for package, version in manifest.software.items():
            versions.setdefault(package, {})[version] = None
    return [(package, ", ".join(found)) for package, found in sorted(versions.items())]


def _shared(parameters: Sequence[Mapping[str, str]]) -> list[tuple[str, str]]:
    names = dict.fromkeys(name for each in parameters for name in each)
    listed = []
    for name in names:
        values = list(dict.fromkeys(each[name] for each in parameters if name in each))
        shown = values[0] if len(values) == 1 else " | ".join(values)
        listed.append((name, shown if len(shown) <= LONGEST else shown[: LONGEST - 1] + "…"))
    return listed


def _flat(value: JsonValue | Mapping[str, JsonValue], path: str = "") -> dict[str, str]:
    """Nested parameters as `config.target.kind: uniform`; parents' digests are the lineage's business, not repeated."""
    if isinstance(value, Mapping):
        if set(value) in ({"stage", "digest"}, {"fingerprint"}):
            return {} if "stage" in value else {path: f"content {value['fingerprint']}"}
        flat: dict[str, str] = {}
        for name, item in value.items():
            flat |= _flat(item, f"{path}.{name}" if path else name)
        return flat
    if isinstance(value, list) and any(isinstance(item, Mapping | list) for item in value):
        flat = {}
        for index, item in enumerate(value):
            flat |= _flat(item, f"{path}[{index}]")
        return flat
    if isinstance(value, list):
        return {path: ", ".join(_plain(item) for item in value) or "none"}
    return {path: _plain(value)}


def _plain(value: JsonValue) -> str:
    if value is None:
        return "not set"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)

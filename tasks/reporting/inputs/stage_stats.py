"""Figures that a stage wrote into its stats, read with what is missing as None."""

from collections.abc import Mapping

from pydantic import JsonValue

from storage.record.manifest import Manifest

Stats = Mapping[str, JsonValue]


def whole(value: JsonValue) -> int | None:
    """An integer, or None for anything that is not a number."""
    return int(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def real(value: JsonValue) -> float | None:
    """A float, or None for anything that is not a number."""
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def settings_of(manifest: Manifest) -> Stats:
    """The configuration that a stage ran with."""
    settings = manifest.parameters.get("config")
    return settings if isinstance(settings, dict) else {}

"""The figures that a stage writes beside its files: a model that the writer owns and every reader validates."""

from collections.abc import Mapping
from typing import Self

from pydantic import BaseModel, ConfigDict, JsonValue, ValidationError

from storage.errors import StoreError
from storage.record.manifest import Manifest


class Stats(BaseModel):
    """Figures of one stage run, kept in its manifest as JSON.

    A stage returns a subclass; who reads the manifest calls `of`, so that a name that the writer does not know is an
    error of the type checker and not an absent figure.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, defer_build=True)

    @classmethod
    def of(cls, manifest: Manifest) -> Self:
        """The figures of a manifest. Raises `StoreError` where they are not of this kind."""
        try:
            return cls.model_validate(manifest.stats)
        except ValidationError as error:
            fault = error.errors()[0]
            place = ".".join(map(str, fault["loc"]))
            raise StoreError(
                f"the figures of {manifest.name} are not {cls.__name__} ({place}: {fault['msg']}); "
                "remove that output with `equipoise verify --discard` and run again"
            ) from None


Figures = Stats | Mapping[str, JsonValue]
"""What a stage's function returns."""


def as_json(figures: Figures) -> dict[str, JsonValue]:
    """Figures as a manifest keeps them."""
    return figures.model_dump(mode="json", by_alias=True) if isinstance(figures, Stats) else dict(figures)

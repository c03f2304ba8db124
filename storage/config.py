"""The base of every configuration model, and the mark for what must not enter a cache key."""

from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict


class Config(BaseModel):
    """A frozen configuration; a field nobody declared is an error, so that a typo cannot pass silently."""

    model_config = ConfigDict(frozen=True, extra="forbid")


@dataclass(frozen=True)
class NotInKey:
    """Marks a field, `Annotated[Path, NotInKey()]`, whose value cannot change a result.

    Devices, worker counts and log levels are such fields, and so are paths to inputs: their *content* enters the
    key, through `External`, wherever they lie.
    """

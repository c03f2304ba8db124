"""What every study's configuration says."""

from typing import Literal

from pydantic import Field

from storage.config import Config

Edition = Literal["small", "paper", "own"]

EDITIONS: dict[Edition, str] = {
    "small": "the small edition, which runs in minutes on two processor cores",
    "paper": "the paper's full configuration",
    "own": "a configuration of its own",
}
"""Which a page says it is."""


class StudyConfig(Config):
    """The base of the configuration of a study's page."""

    edition: Edition = Field(default="own", description="which configuration this is, as the page says it")
    confidence: float = Field(default=0.95, gt=0, lt=1, description="coverage that intervals aim at")

"""What can be chosen about balancing."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from storage.config import Config, NotInKey
from storage.errors import InputError
from storage.hashing import hash_file
from storage.places.local import LocalPath, spelled

CALIBRATION_PASSES = 300
"""What one calibration takes, about."""


class UniformTarget(Config):
    """Every keyword that occurs gets the same mass."""

    kind: Literal["uniform"] = "uniform"


class CappedTarget(Config):
    """Keywords above `t` captions are flattened to `t`; the tail stays as it is."""

    kind: Literal["capped"] = "capped"
    t: float = Field(default=20.0, gt=0, description="captions per keyword above which the target is flat")


class TemperedTarget(Config):
    """The observed marginal to the power α."""

    kind: Literal["tempered"] = "tempered"
    alpha: float = Field(default=0.5, ge=0, le=1, description="1 keeps the observed marginal, 0 is uniform")


class FileTarget(Config):
    """Masses from a file with columns `text` and `target` (Parquet, CSV or TSV); other keywords get 0.

    The file's content enters the cache key as `fingerprint`, filled in when the configuration is read.
    """

    kind: Literal["file"] = "file"
    path: Annotated[LocalPath, NotInKey()] = Field(description="file with columns text and target")
    fingerprint: str = Field(default="", description="hash of the file's content; filled in by itself")

    @model_validator(mode="before")
    @classmethod
    def _read_fingerprint(cls, values: object) -> object:
        if isinstance(values, dict) and values.get("path") and not values.get("fingerprint"):
            path = Path(spelled(str(values["path"])))
            if not path.is_file():
                raise ValueError(
                    f"target file {path} does not exist; check the path (it is taken from the current folder)"
                )
            return {**values, "fingerprint": hash_file(path)}
        return values

    def checked_path(self) -> Path:
        """The path, after checking that its content is still what the key says.

        Raises:
            InputError: the file changed or vanished since the configuration was read.
        """
        if not self.path.is_file() or hash_file(self.path) != self.fingerprint:
            raise InputError(f"target file {self.path} changed after the configuration was read; start the run again")
        return self.path


SimpleTarget = Annotated[UniformTarget | CappedTarget | TemperedTarget | FileTarget, Field(discriminator="kind")]


class MixturePart(Config):
    """One target of a mixture and its share."""

    target: SimpleTarget
    share: float = Field(gt=0, description="weight in the mixture; shares are divided by their sum")


class MixtureTarget(Config):
    """A weighted mean of normalised targets, such as 0.5 uniform + 0.5 observed (tempered, α = 1)."""

    kind: Literal["mixture"] = "mixture"
    parts: tuple[MixturePart, ...] = Field(min_length=1, description="targets and their shares")


Target = Annotated[
    UniformTarget | CappedTarget | TemperedTarget | FileTarget | MixtureTarget, Field(discriminator="kind")
]


class BalancingMethod(Config, ABC):
    """What every method says of itself; `tasks.balancing.methods` holds what it does."""

    # Applied to everything after ingestion, by the stage `drop`: the matches that come here know it already.
    takedown: Annotated[tuple[int, ...], NotInKey()] = Field(
        default=(), description="ids taken down, as if they had never been collected: in no variant, nowhere"
    )

    @property
    def unit(self) -> Literal["rows", "pairs"]:
        """What marginals are compared in: keyword counts ("pairs"), or captions split over their keywords ("rows")."""
        return "pairs"

    @abstractmethod
    def passes(self) -> int:
        """How often the stage `balance` goes through the matches, about; `equipoise plan` reckons time from it."""


class RakeConfig(BalancingMethod):
    """The paper's data balancing: half steps of iterative proportional fitting."""

    method: Literal["rake"] = "rake"
    target: Target = Field(default=CappedTarget(), description="keyword marginal P_Y")
    steps: tuple[Literal["x", "y"], ...] | int = Field(
        default=("y",),
        description="half steps in order (x: captions, y: keywords), or a number k of steps x, y, x, …",
    )
    initial: Literal["rows", "pairs"] = Field(
        default="rows", description="equal captions that split over their keywords (the paper), or equal matches"
    )
    tolerance: float | None = Field(
        default=None, gt=0, description="stop when both margins are this near in L1; none: make all steps"
    )

    @model_validator(mode="after")
    def _check_steps(self) -> RakeConfig:
        if isinstance(self.steps, int) and self.steps < 0:
            raise ValueError(f"steps is {self.steps}; give at least 0 half steps")
        return self

    @property
    def unit(self) -> Literal["rows", "pairs"]:
        """The starting measure's."""
        return self.initial

    def passes(self) -> int:
        """Census, the start, the end, and each half step with its measurement."""
        return 3 + 2 * (self.steps if isinstance(self.steps, int) else len(self.steps))


class CalibrateConfig(BalancingMethod):
    """Bounded calibration of captions, so that the selection's expected keyword counts meet the target's bands."""

    method: Literal["calibrate"] = "calibrate"
    target: Target = Field(default=CappedTarget(), description="keyword counts to reach, before scaling to `size`")
    slack: float = Field(default=0.0, ge=0, lt=1, description="half width of the bands, relative to the target")
    size: int | None = Field(
        default=None, gt=0, description="captions expected; none: the capped target's own counts are met"
    )
    cap: float | None = Field(
        default=1.0, gt=0, allow_inf_nan=False, description="largest expected number of copies of a caption; null: any"
    )
    effective_sample_size: int | None = Field(
        default=None, gt=0, description="least effective sample size of the weights; the price is lowered to keep it"
    )
    price: float = Field(
        default=4.0, gt=0, le=16, description="nats of divergence paid to bring a keyword one caption nearer its band"
    )
    priority: Literal["floors", "nearest"] = Field(
        default="floors",
        description=(
            "where bands conflict: floors first, so that no rare keyword is lost, or nearest, the smallest total miss "
            "(on real titles, t = 10: total variation 0.166 or 0.089, no floor missed or 941 of 2,014, effective "
            "sample size 6,163 or 5,916)"
        ),
    )
    tolerance: float = Field(default=1e-4, gt=0, description="duality gap to stop at, nats per expected caption")
    iterations: int = Field(default=2000, ge=1, description="most passes of the solver over the captions")

    @model_validator(mode="after")
    def _check_scale(self) -> CalibrateConfig:
        if self.size is None and self.target.kind not in ("capped", "tempered"):
            raise ValueError(f"a {self.target.kind} target says shares, not counts: give calibrate a size as well")
        if self.effective_sample_size is not None and self.size is None:
            raise ValueError("effective_sample_size trades distance at a given size: give calibrate a size as well")
        return self

    def passes(self) -> int:
        """An estimate, because calibration stops by its certificate; a size is solved for by some calibrations."""
        return 4 + CALIBRATION_PASSES * (8 if self.size else 1)


class ThresholdConfig(BalancingMethod):
    """MetaCLIP's rule: keep with probability 1 − Π(1 − min(1, t / count))."""

    method: Literal["threshold"] = "threshold"
    t: float | None = Field(default=None, gt=0, description="captions per keyword; or give size or tail_share")
    size: int | None = Field(default=None, gt=0, description="expected captions kept, t solved for")
    tail_share: float | None = Field(
        default=None,
        gt=0,
        lt=1,
        description="share of matches in the tail (MetaCLIP v2: 0.06); t is the largest count with no more below it",
    )

    @model_validator(mode="after")
    def _check_one(self) -> ThresholdConfig:
        if sum(value is not None for value in (self.t, self.size, self.tail_share)) != 1:
            raise ValueError("threshold needs exactly one of t, size and tail_share")
        return self

    def passes(self) -> int:
        """Census, expectation and marginals; solving for a size takes about twelve more."""
        return 3 + (12 if self.size else 0)


BalancingConfig = Annotated[RakeConfig | CalibrateConfig | ThresholdConfig, Field(discriminator="method")]

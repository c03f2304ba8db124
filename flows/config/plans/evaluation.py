"""On which benchmarks models are scored and probed."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated

from pydantic import Field, model_validator

from flows.config.experiment import NAME
from storage.config import Config
from storage.errors import InputError
from storage.places.local import LocalPath, spelled
from tasks.embedding.benchmarks.named import expanded, likely_folder, named_folder
from tasks.evaluation.config import EvaluationConfig
from tasks.evaluation.probe.config import ProbeConfig


class Benchmark(Config):
    """One zero-shot task in clip-benchmark's local `wds/` layout."""

    name: str = Field(pattern=NAME, description="its name in tables and figures")
    path: LocalPath | None = Field(
        default=None, description="its folder; null: the task of this name that the scenes source generates"
    )


class BenchmarkProbePlan(Config):
    """A linear probe and the nearest neighbours, on the image features of every model and every pair of heads."""

    settings: ProbeConfig = Field(default_factory=ProbeConfig, description="how features are evaluated")
    train: str = Field(
        default="train", pattern=r"^[A-Za-z0-9_-]+$", description="sub-folder of a benchmark that is learnt from"
    )
    benchmarks: tuple[str, ...] = Field(
        default=(), description="names of the benchmarks that are probed; empty: all that have the sub-folder"
    )


class EvaluationPlan(Config):
    """Every trained model on every benchmark."""

    settings: EvaluationConfig = Field(default_factory=EvaluationConfig, description="intervals and splits")
    root: LocalPath | None = Field(
        default=None, description="folder of data sets in `wds/` layout, such as wds_cifar10, for `names`"
    )
    names: tuple[Annotated[str, Field(pattern=r"^\w[\w.-]*(/[\w.-]+)?$")], ...] = Field(
        default=(),
        description="data sets of `root` by clip-benchmark's names, such as cifar10 or vtab/cifar100, or lists: "
        "datacomp, paper, retrieval",
    )
    benchmarks: tuple[Benchmark, ...] = Field(default=(), description="what to evaluate on, beside those of `names`")
    probe: BenchmarkProbePlan | None = Field(default=None, description="linear probe and nearest neighbours")

    @model_validator(mode="before")
    @classmethod
    def _found_by_name(cls, values: object) -> object:
        """The benchmarks that `names` stands for, put beside the others."""
        if not isinstance(values, Mapping) or not isinstance(names := values.get("names"), list | tuple):
            return values
        if not names or not all(isinstance(name, str) for name in names):
            return values
        if not values.get("root"):
            raise ValueError("`names` are looked for in `root`, which is not given; name the folder of the data sets")
        given = list(values.get("benchmarks") or ())
        held = {str(each["name"] if isinstance(each, Mapping) else each.name) for each in given}
        root = Path(spelled(str(values["root"])))
        try:
            wanted = [each for each in expanded(tuple(names)) if each.replace("/", "-") not in held]
            found = [{"name": each.replace("/", "-"), "path": likely_folder(root, each)} for each in wanted]
        except InputError as error:
            raise ValueError(str(error)) from None
        return {**values, "benchmarks": [*given, *found]}

    @property
    def named(self) -> tuple[Path, ...]:
        """The root, and the folders that `names` stands for: those that `faults` speaks of."""
        if self.root is None:
            return ()
        return (self.root, *(likely_folder(self.root, each) for each in expanded(self.names)))

    def faults(self) -> Iterator[str]:
        """What is not where it is looked for, a sentence each."""
        for each in expanded(self.names):
            try:
                named_folder(self.root or Path(), each)
            except InputError as error:
                yield str(error)
                if not (self.root or Path()).is_dir():
                    return
        if self.probe is not None and not self.probed:
            yield f"`evaluation.probe` has nothing to learn from: no benchmark has a sub-folder {self.probe.train!r}"

    @property
    def probed(self) -> tuple[Benchmark, ...]:
        """The benchmarks on whose training images the features are probed."""
        if self.probe is None:
            return ()
        wanted = self.probe.benchmarks
        split = self.probe.train
        return tuple(
            item
            for item in self.benchmarks
            if (item.name in wanted if wanted else item.path is not None and (item.path / split).is_dir())
        )

    @model_validator(mode="after")
    def _probes_what_is_there(self) -> "EvaluationPlan":
        if not self.benchmarks:  # asked here, as a form sends an empty list beside `names`
            raise ValueError("there is nothing to evaluate on; give `benchmarks`, or `names` of data sets in `root`")
        if self.probe is None:
            return self
        known = [item.name for item in self.benchmarks]
        if unknown := [name for name in self.probe.benchmarks if name not in known]:
            raise ValueError(f"probe.benchmarks names {unknown[0]!r}, which is none of {', '.join(known)}")
        return self

"""What the report shows, and the labels of its inputs."""

from pydantic import Field

from storage.config import Config


class RunLabel(Config):
    """Which training a model came from."""

    variant: str = Field(description="the data variant, such as `balanced`", min_length=1)
    seed: int = Field(description="the training seed", ge=0)


class Cell(Config):
    """Which model was scored on which benchmark."""

    variant: str = Field(description="the data variant, such as `balanced`", min_length=1)
    seed: int = Field(description="the training seed", ge=0)
    benchmark: str = Field(description="the benchmark's name", min_length=1)


class Comparison(Config):
    """A difference to report: `variant` minus `reference`, paired by seed."""

    variant: str = Field(description="the variant that should gain", min_length=1)
    reference: str = Field(description="the variant that it is held against", min_length=1)


class ReportConfig(Config):
    """Contents of `report.html`."""

    title: str = Field(default="", description="heading of the report; empty: the experiment's name", max_length=200)
    comparisons: tuple[Comparison, ...] = Field(
        default=(
            Comparison(variant="balanced", reference="original"),
            Comparison(variant="balanced", reference="random"),
            Comparison(variant="balanced + T-REGS", reference="balanced + no T-REGS"),
            Comparison(variant="heads k=1, balanced", reference="heads k=0, balanced"),
            Comparison(variant="heads k=2, balanced", reference="heads k=1, balanced"),
        ),
        description="differences to report, the main one first; those whose variants were not run are left out",
    )
    confidence: float = Field(default=0.95, gt=0.0, lt=1.0, description="coverage that the intervals aim at")
    resamples: int = Field(default=2000, ge=100, description="bootstrap resamples of the test images")
    seed: int = Field(default=0, ge=0, description="seed of the bootstrap and of the choice of examples")
    examples: int = Field(default=8, ge=0, le=64, description="sample images in each of the groups")
    thumbnail: int = Field(default=112, ge=16, le=512, description="longest side of a sample image, in pixels")
    groups: int = Field(default=8, ge=0, le=64, description="near-duplicate groups shown with images")
    leaks: int = Field(default=12, ge=0, le=64, description="nearest images, and prompts, shown of each benchmark")
    concepts: int = Field(default=10, ge=1, le=100, description="keywords shown at either end of density")
    keywords: int = Field(default=40, ge=5, le=200, description="most keywords that a figure names one by one")


class CardConfig(Config):
    """What only a person can say of the data set, for its card; what is empty stands there as to be filled in."""

    title: str = Field(default="", description="of the data set; empty: the experiment's name", max_length=200)
    description: str = Field(default="", description="what it is, in a sentence or two", max_length=2_000)
    licence: str = Field(default="", description="an SPDX name or an address", max_length=200)
    creators: tuple[str, ...] = Field(default=(), description="people or bodies that answer for it")
    citation: str = Field(default="", description="how to cite it", max_length=4_000)
    homepage: str = Field(default="", description="where it is published", max_length=2_000)
    published: str = Field(
        default="", pattern=r"^(\d{4}-\d{2}-\d{2})?$", description="the day of publication, as 2026-11-26"
    )
    personal: str = Field(default="", description="what personal data it holds, and on what ground", max_length=2_000)
    uses: str = Field(default="", description="what it is meant for, and what not", max_length=2_000)
    keywords: int = Field(default=20, ge=0, le=1_000, description="keywords whose shares the card lists")
    examples: int = Field(default=5, ge=0, le=100, description="captions that it shows")


class SelfSupervisedReportConfig(Config):
    """Contents of the report of a self-supervised experiment."""

    title: str = Field(default="", description="heading of the report; empty: the experiment's name", max_length=200)
    confidence: float = Field(default=0.95, gt=0.0, lt=1.0, description="coverage that the intervals aim at")
    resamples: int = Field(default=2000, ge=100, description="bootstrap resamples of the test images")
    seed: int = Field(default=0, ge=0, description="seed of the bootstrap")

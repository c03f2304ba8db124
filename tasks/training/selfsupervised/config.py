"""Configuration of self-supervised training."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from storage.config import Config, NotInKey
from tasks.training.config import LoopConfig, LossConfig, OptimiserConfig, RegulariserConfig


class ViewConfig(Config):
    """Which views: the probabilities are the paper's (T-REGS, appendix C.2); it does not state the strengths.

    The strengths of the colours are those of solo-learn's recipes for CIFAR, on which the paper's code is built.
    """

    smallest: float = Field(default=0.2, gt=0, le=1, description="smallest window, as a share of the image's area")
    jitter: float = Field(default=0.8, ge=0, le=1, description="probability of changed colours")
    brightness: float = Field(default=0.4, ge=0, le=1, description="largest change of brightness, as a share")
    contrast: float = Field(default=0.4, ge=0, le=1, description="largest change of contrast, as a share")
    saturation: float = Field(default=0.2, ge=0, le=1, description="largest change of saturation, as a share")
    hue: float = Field(default=0.1, ge=0, le=0.5, description="largest change of hue, as a share of the colour circle")
    grey: float = Field(default=0.2, ge=0, le=1, description="probability of a grey image")
    solarise: float = Field(default=0.1, ge=0, le=1, description="probability of inverting what is brighter than half")
    mirror: float = Field(default=0.5, ge=0, le=1, description="probability of mirroring left and right")


class SelfSupervisedConfig(LoopConfig):
    """`β · invariance(z, z') + T-REG(z) + T-REG(z')`, or a contrastive loss with T-REG added, over two views.

    Weights and projector are the paper's (T-REGS, section 5.1 and Table 6).
    """

    method: Literal["invariance", "contrastive"] = Field(
        default="invariance", description="what draws the two views together: their distance, or telling pairs apart"
    )
    distance: Literal["mean", "sum"] = Field(
        default="mean",
        description="the invariance's squared distance over coordinates: their mean, as libraries have the mean "
        "squared error, or their sum, as the paper writes it: `outputs` times larger",
    )
    beta: float = Field(default=10.0, ge=0, description="weight β of that term")
    temperature: float = Field(default=0.1, gt=0, description="of the contrastive method's similarities")
    regulariser: RegulariserConfig = Field(
        default_factory=lambda: RegulariserConfig(gamma=0.2, lambda_=8e-4), description="T-REG, at the paper's weights"
    )
    network: Literal["resnet18", "small"] = Field(
        default="resnet18", description="resnet18 with a CIFAR stem, or four convolutions for processors"
    )
    hidden: int = Field(default=2_048, ge=1, description="width of the projector's two hidden layers")
    outputs: int = Field(default=1_024, ge=2, description="dimension of the embeddings that T-REG spreads")
    side: int = Field(default=32, ge=8, le=512, description="images are brought to this many pixels square")
    views: ViewConfig = Field(default_factory=ViewConfig, description="the random views")
    batch: int = Field(default=256, ge=2, description="images a step, over all ranks")
    optimiser: OptimiserConfig = Field(
        default_factory=lambda: OptimiserConfig(learning_rate=1e-3, weight_decay=1e-4, beta2=0.999, clip_norm=None),
        description="optimiser",
    )
    watch_trees: bool = Field(default=True, description="record the lengths of the spanning trees, regularised or not")
    checkpoint_every: Annotated[int, NotInKey()] = Field(default=500, ge=1, description="steps between checkpoints")

    @model_validator(mode="after")
    def _loss_exists(self) -> Self:
        if self.method == "contrastive":
            self.loss.check()
            if self.distance != "mean":
                raise ValueError("`distance` belongs to the invariance method; the contrastive one has `temperature`")
        elif self.loss != LossConfig():
            raise ValueError("`loss` belongs to the contrastive method; set `method`, or leave it out")
        return self

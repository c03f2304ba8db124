"""Configuration of self-supervised training."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from storage.config import Config, Kind, NotInKey
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
    blur: float = Field(
        default=0.0,
        ge=0,
        le=1,
        description="probability of a Gaussian blur: 0.1 to 2 pixels' deviation, a kernel of a tenth of the side; "
        "the paper blurs ImageNet and not CIFAR",
    )
    mirror: float = Field(default=0.5, ge=0, le=1, description="probability of mirroring left and right")


class TeacherConfig(Config):
    """How a teacher follows the network: `θ' ← m θ' + (1 - m) θ` after every step, m along half a cosine."""

    start: float = Field(default=0.99, ge=0, le=1, description="m at the first step (BYOL on ImageNet: 0.996)")
    end: float = Field(default=1.0, ge=0, le=1, description="m at the last step; MoCo keeps one m throughout")


class ClusteringConfig(Config):
    """Prototypes, and how pictures are assigned to them."""

    prototypes: int = Field(default=128, ge=2, description="how many, m")
    assignment: Literal["balanced", "centred"] = Field(
        default="balanced", description="raked to uniform marginals as in SwAV, or a teacher's, centred as in DINO"
    )
    half_steps: int = Field(
        default=6,
        ge=0,
        description="of raking, prototypes first; 0 normalises the whole batch at once; SwAV's 3 rounds",
    )
    epsilon: float = Field(default=0.05, gt=0, description="ε of `exp(scores / ε)`, which is raked")
    teacher_temperature: float = Field(default=0.04, gt=0, description="of the centred assignments")
    centre_momentum: float = Field(default=0.9, ge=0, lt=1, description="share of the centre that stays each step")
    frozen: int = Field(default=0, ge=0, description="first steps in which the prototypes rest (SwAV: an epoch)")


class SelfSupervisedConfig(LoopConfig):
    """`β · invariance(z, z') + T-REG(z) + T-REG(z')`, or another method's loss with T-REG added, over two views.

    Weights and projector are the paper's (T-REGS, section 5.1 and Table 6).
    """

    method: Annotated[
        Literal[
            "invariance", "contrastive", "nt_xent", "byol", "barlow_twins", "moco", "vicreg", "zero_cl", "clustering"
        ],
        Kind(),
    ] = Field(
        default="invariance",
        description="what draws the two views together: their distance, the balanced contrastive loss of pairs, "
        "SimCLR's (nt_xent), or another method of the field; clustering is SwAV's or DINO's",
    )
    distance: Literal["mean", "sum"] = Field(
        default="mean",
        description="the invariance's squared distance over coordinates: their mean, as libraries have the mean "
        "squared error, or their sum, as the paper writes it: `outputs` times larger",
    )
    sphere: Literal["soft", "hard"] = Field(
        default="soft",
        description="hard: the invariance method's embeddings are brought to length 1, T-REG's too, in the place "
        "of the soft sphere's penalty",
    )
    beta: float = Field(default=10.0, ge=0, description="weight β of that term")
    temperature: float = Field(
        default=0.1, gt=0, description="of the similarities (contrastive, nt_xent, moco) or of the scores (clustering)"
    )
    teacher: TeacherConfig = Field(
        default_factory=TeacherConfig, description="how byol's, moco's or centred clustering's teacher follows"
    )
    queue: int = Field(default=4_096, ge=2, description="keys in moco's queue (its paper on ImageNet: 65,536)")
    clustering: ClusteringConfig = Field(default_factory=ClusteringConfig, description="prototypes and assignments")
    regulariser: RegulariserConfig = Field(
        default_factory=lambda: RegulariserConfig(gamma=0.2, lambda_=8e-4), description="T-REG, at the paper's weights"
    )
    network: Literal["resnet18", "resnet50", "small"] = Field(
        default="resnet18", description="torchvision's, or four convolutions for processors"
    )
    stem: Literal["auto", "cifar", "imagenet"] = Field(
        default="auto",
        description="the resnets' first layers: a 3×3 convolution for small pictures, or ImageNet's 7×7, stride 2 and "
        "its pooling; auto: the first for sides up to 64",
    )
    hidden: int = Field(default=2_048, ge=1, description="width of the projector's two hidden layers")
    outputs: int = Field(default=1_024, ge=2, description="dimension of the embeddings that T-REG spreads")
    side: int = Field(default=32, ge=8, le=512, description="images are brought to this many pixels square")
    views: ViewConfig = Field(default_factory=ViewConfig, description="the random views")
    second_views: ViewConfig | None = Field(default=None, description="the second views, where their rules differ")
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
        if self.method != "invariance" and self.distance != "mean":
            raise ValueError(f"`distance` belongs to the invariance method, not to {self.method}; leave it out")
        if self.method != "invariance" and self.sphere == "hard":
            raise ValueError(f"a hard `sphere` belongs to the invariance method; {self.method} has its own lengths")
        if self.method != "contrastive" and self.loss != LossConfig():
            raise ValueError("`loss` belongs to the contrastive method; set `method`, or leave it out")
        if self.method != "clustering" and self.clustering != ClusteringConfig():
            raise ValueError("`clustering` belongs to the clustering method; set `method`, or leave it out")
        if not self.has_teacher and self.teacher != TeacherConfig():
            raise ValueError(f"{self.method} has no teacher here: leave `teacher` out")
        if self.network == "small" and self.stem != "auto":
            raise ValueError("the small network has no stem to choose; leave `stem` out")
        return self

    @property
    def has_teacher(self) -> bool:
        """Whether the method learns from a moving average of its own network."""
        centred = self.method == "clustering" and self.clustering.assignment == "centred"
        return centred or self.method in ("byol", "moco")

    @property
    def small_stem(self) -> bool:
        """Whether a resnet begins with the layers for small pictures."""
        return self.stem == "cifar" or (self.stem == "auto" and self.side <= 64)

"""Configuration of the three training stages. Everything here enters a stage's key but what says it does not."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from storage.config import Config, Kind, NotInKey
from tasks.embedding.models.architecture import Architecture


class LossConfig(Config):
    """The balanced contrastive loss."""

    half_steps: int = Field(
        default=1, ge=0, description="k: 0 joint, 1 CLIP's loss, 2 doubly balanced, any number more"
    )
    gradient: Literal["unrolled", "surrogate"] = Field(
        default="unrolled", description="through every normaliser, or the authors' two-step surrogate (k = 2 only)"
    )

    def check(self, half_steps: int | None = None) -> None:
        """Raise `ValueError` where no such loss exists, with another number of half-steps if one is given."""
        steps = self.half_steps if half_steps is None else half_steps
        if self.gradient == "surrogate" and steps != 2:
            raise ValueError(f"the surrogate gradient exists for 2 half-steps only, not {steps}; use unrolled")


class RegulariserConfig(Config):
    """A regulariser of the un-normalised embeddings of each branch; T-REG with weights of 0 is none."""

    kind: Annotated[Literal["tregs", "koleo", "uniformity", "wasserstein", "vicreg", "sigreg"], Kind()] = Field(
        default="tregs", description="T-REG, or one of its neighbours for comparison"
    )
    gamma: float = Field(default=0.0, ge=0, description="T-REG's γ, weight of the spanning tree (paper: 3e-3)")
    lambda_: float = Field(default=0.0, ge=0, description="T-REG's λ, weight of the soft sphere (paper: 2e-5)")
    weight: float = Field(default=0.0, ge=0, description="weight of the other kinds")
    gather: bool = Field(default=True, description="over the points of all ranks together, not of each rank's own")

    @model_validator(mode="after")
    def _has_its_own_weights(self) -> Self:
        if self.kind == "tregs" and self.weight > 0:
            raise ValueError("`weight` belongs to the other kinds; T-REG is weighted by `gamma` and `lambda_`")
        if self.kind != "tregs" and (self.gamma > 0 or self.lambda_ > 0):
            raise ValueError(f"`gamma` and `lambda_` are T-REG's; {self.kind} is weighted by `weight`")
        if self.kind != "tregs" and self.weight == 0:
            raise ValueError(f"{self.kind} of weight 0 does nothing; give `weight`, or leave `kind` out for none")
        return self

    @property
    def active(self) -> bool:
        """Whether it adds anything to the loss."""
        return (self.gamma > 0 or self.lambda_ > 0) if self.kind == "tregs" else self.weight > 0


class OptimiserConfig(Config):
    """Adam, AdamW or LARS; weight decay on matrices alone (no biases, norms or logit scale), as in open_clip."""

    name: Literal["adamw", "adam", "lars"] = Field(
        default="adamw", description="Adam with decoupled decay, or with decay in the gradient; or LARS"
    )
    learning_rate: float = Field(default=2e-3, gt=0, description="peak learning rate")
    beta1: float = Field(default=0.9, ge=0, lt=1, description="decay of the gradient's mean; LARS's momentum")
    beta2: float = Field(default=0.98, ge=0, lt=1, description="decay of the squared gradient's mean")
    epsilon: float = Field(default=1e-6, gt=0, description="added to the root of the squared gradient's mean")
    weight_decay: float = Field(default=0.1, ge=0, description="per unit of learning rate")
    trust: float = Field(default=0.02, gt=0, description="LARS's η: a tensor's step, as a share of its own norm")
    clip_norm: float | None = Field(
        default=1.0, gt=0, description="largest norm of the whole gradient; null: no clipping"
    )


class ScheduleConfig(Config):
    """The learning rate: a linear warm-up, then a cosine to `final` or a constant."""

    kind: Literal["cosine", "constant"] = Field(default="cosine", description="after the warm-up")
    warmup: int = Field(default=20, ge=0, description="steps of linear warm-up")
    final: float = Field(default=0.0, ge=0, le=1, description="the cosine's end, as a share of the peak")

    @model_validator(mode="after")
    def _has_an_end(self) -> Self:
        if self.kind == "constant" and self.final > 0:
            raise ValueError("`final` is the cosine's end; a constant rate has none: leave it out")
        return self


class AugmentationConfig(Config):
    """What a training image goes through; draws are hashes of seed, step and position in the batch."""

    shift: float = Field(default=0.125, ge=0, lt=1, description="largest shift, as a share of the image's side")
    flip: bool = Field(default=False, description="mirror half the images (off: captions may say left and right)")


class LoopConfig(Config):
    """What every training has: a budget, an optimiser and how to compute."""

    steps: int = Field(
        default=400, ge=1, description="optimiser steps; with `batch` the whole budget, however large the data"
    )
    batch: int = Field(default=128, ge=2, description="examples a step, over all ranks")
    optimiser: OptimiserConfig = Field(default_factory=OptimiserConfig, description="optimiser")
    schedule: ScheduleConfig = Field(default_factory=ScheduleConfig, description="learning rate over time")
    loss: LossConfig = Field(default_factory=LossConfig, description="contrastive loss")
    regulariser: RegulariserConfig = Field(default_factory=RegulariserConfig, description="of the embeddings")
    watch_trees: bool = Field(default=False, description="record the lengths of the spanning trees, regularised or not")
    precision: Literal["32-true", "bf16-mixed"] = Field(
        default="32-true", description="the loss itself is always float32"
    )
    accumulate: int = Field(
        default=1, ge=1, description="parts a batch is encoded in; the loss still sees the whole batch"
    )
    compile: bool = Field(default=False, description="compile the encoders with torch.compile")
    threads: int = Field(default=1, ge=1, description="processor threads; in the key, because sums round differently")
    sampling: Literal["multiplicity", "weight"] = Field(
        default="multiplicity", description="copies of an example an epoch: its multiplicity, or its weight, drawn anew"
    )
    checkpoint_every: Annotated[int, NotInKey()] = Field(default=200, ge=1, description="steps between checkpoints")

    @model_validator(mode="after")
    def _in_equal_parts(self) -> Self:
        self.check_parts(ranks=1)
        return self

    def check_parts(self, ranks: int) -> None:
        """Raise `ValueError` where a batch has no equal parts for this many ranks."""
        parts = ranks * self.accumulate
        if self.batch % parts:
            raise ValueError(f"a batch of {self.batch} cannot be cut into {parts} equal parts (ranks × accumulate)")


class ClipConfig(LoopConfig):
    """What trainings of a whole CLIP model have in common."""

    augmentation: AugmentationConfig = Field(default_factory=AugmentationConfig, description="of the images")

    @model_validator(mode="after")
    def _loss_exists(self) -> Self:
        self.loss.check()
        return self


class TrainingConfig(ClipConfig):
    """A CLIP model on image-caption pairs, from scratch or from given weights."""

    architecture: Architecture = Field(default_factory=Architecture, description="which model")
    pretrained: str | None = Field(
        default=None,
        description="open_clip's tag of published weights to start from, fetched once; null: fresh weights",
    )
    locked: Literal["none", "image", "text"] = Field(
        default="none", description="a tower left as it is: image, with weights to start from, is LiT"
    )


class FinetuneConfig(ClipConfig):
    """Continue a trained CLIP model, with T-REG; `gamma = lambda_ = 0` is the control on the same budget."""

    steps: int = Field(default=100, ge=1, description="optimiser steps")
    optimiser: OptimiserConfig = Field(
        default_factory=lambda: OptimiserConfig(learning_rate=1e-4), description="optimiser"
    )
    regulariser: RegulariserConfig = Field(
        default_factory=lambda: RegulariserConfig(gamma=3e-3, lambda_=2e-5), description="T-REG, at the paper's weights"
    )
    watch_trees: bool = Field(default=True, description="record the lengths of the spanning trees, regularised or not")


class HeadsConfig(LoopConfig):
    """The paper's heads: an MLP for each branch on frozen embeddings, at a fixed logit scale."""

    steps: int = Field(default=5_000, ge=1, description="optimiser steps")
    optimiser: OptimiserConfig = Field(
        default_factory=lambda: OptimiserConfig(weight_decay=1e-2, clip_norm=None), description="optimiser"
    )
    hidden: int = Field(default=256, ge=1, description="width of the hidden layers")
    layers: int = Field(default=2, ge=1, description="hidden layers")
    outputs: int = Field(default=128, ge=1, description="dimension of the joint space")
    logit_scale: float = Field(default=100.0, gt=0, description="fixed scale of the cosine similarities")
    keep_every: int | None = Field(
        default=None, ge=1, description="keep the heads of every so many steps too, to be scored along the training"
    )

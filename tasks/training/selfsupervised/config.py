"""Configuration of self-supervised training, at the paper's settings and at some that a processor can finish."""

from typing import Literal

from pydantic import Field

from tasks.training.config import LoopConfig, OptimiserConfig, RegulariserConfig, ScheduleConfig


class SelfSupervisedConfig(LoopConfig):
    """`β · mean (z - z')² + T-REG(z) + T-REG(z')`, or a contrastive loss with T-REG added, over two views."""

    method: Literal["invariance", "contrastive"] = Field(
        default="invariance", description="what draws the two views together: their distance, or telling pairs apart"
    )
    beta: float = Field(default=10.0, ge=0, description="weight β of that term")
    temperature: float = Field(default=0.1, gt=0, description="of the contrastive method's similarities")
    network: Literal["resnet18", "small"] = Field(
        default="resnet18", description="resnet18 with a CIFAR stem, or four convolutions for processors"
    )
    hidden: int = Field(default=2_048, ge=1, description="width of the projector's two hidden layers")
    outputs: int = Field(default=1_024, ge=2, description="dimension of the embeddings that T-REG spreads")


CIFAR10_PAPER = SelfSupervisedConfig(
    steps=195_000,  # 1,000 epochs of 50,000 pictures
    batch=256,
    optimiser=OptimiserConfig(learning_rate=1e-3, weight_decay=1e-4, beta2=0.999, epsilon=1e-8, clip_norm=None),
    schedule=ScheduleConfig(warmup=1_950),
    regulariser=RegulariserConfig(gamma=0.2, lambda_=8e-4),
    precision="bf16-mixed",
    watch_trees=True,
)
"""β = 10, γ = 0.2, λ = 8e-4, projector 2048-2048-1024, as the paper has them for CIFAR-10; the optimiser is ours."""

CIFAR10_SHORT = CIFAR10_PAPER.model_copy(
    update={
        "steps": 300,
        "batch": 128,
        "network": "small",
        "hidden": 256,
        "outputs": 128,
        "precision": "32-true",
        "schedule": ScheduleConfig(warmup=20),
    }
)
"""The same weights on a small network: a minute or two on one core."""

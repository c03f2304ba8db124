"""The figures that trainings leave in their manifests; losses, norms and trees are means over the last 20 steps."""

from pydantic import Field

from storage.record.stats import Stats


class BudgetStats(Stats):
    """What a training spent."""

    steps: int = Field(description="optimiser steps")
    examples_seen: int = Field(description="steps times batch")
    distinct_examples: int = Field(description="rows that were drawn from")
    resumed_at: int = Field(description="the step of the checkpoint that it went on from; 0 where it began")
    seconds: float = Field(description="of the whole stage, reading included")
    final_loss: float | None = Field(description="the loss, regulariser included")


class TrainingStats(BudgetStats):
    """Of a CLIP model or heads: two branches and their contrastive loss."""

    final_contrastive: float | None = Field(description="the balanced contrastive loss alone")
    logit_scale: float | None = Field(description="the scale of the cosine similarities")
    image_norm: float | None = Field(description="mean norm of the un-normalised image embeddings")
    text_norm: float | None = Field(description="mean norm of the un-normalised text embeddings")
    image_tree: float | None = Field(description="E / n, the tree's length over its points; None: not measured")
    text_tree: float | None = Field(description="the same of the texts")
    predicted_norm: float | None = Field(
        description="where T-REG lets the norms settle, given time and dimensions enough; None without T-REG"
    )


class ClipStats(TrainingStats):
    """Of a whole CLIP model."""

    without_image: int = Field(description="selected rows that have no image and were left out")


class SelfSupervisedStats(BudgetStats):
    """Of a backbone trained on two views of every picture."""

    invariance: float | None = Field(description="the term that draws the two views together")
    first_norm: float | None = Field(description="mean norm of the first view's embeddings")
    second_norm: float | None = Field(description="mean norm of the second view's embeddings")
    first_tree: float | None = Field(description="E / n of the first view's spanning tree")
    second_tree: float | None = Field(description="E / n of the second view's spanning tree")
    rank: float | None = Field(description="participation ratio of the first view's embeddings")
    spread: float | None = Field(description="spread of the first view's embeddings; 0: one point")
    without_image: int = Field(description="rows that have no image and were left out")
    prototypes: float | None = Field(
        default=None, description="how many prototypes the first view uses: exp of the entropy of their mean share"
    )

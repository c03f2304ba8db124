"""What a training leaves in its manifest, of what it did: its budget, and the figures of two branches."""

from tasks.training.config import LoopConfig
from tasks.training.loop.fit import Fitted
from tasks.training.stats import BudgetStats, TrainingStats
from tasks.training.tregs.treg import equilibrium_radius


def budget(fitted: Fitted, distinct: int, seconds: float) -> BudgetStats:
    """What was spent; `distinct` rows were drawn from, and reading them is among the `seconds`."""
    return BudgetStats(
        steps=fitted.steps,
        examples_seen=fitted.examples_seen,
        distinct_examples=distinct,
        resumed_at=fitted.resumed_at,
        seconds=round(seconds, 3),
        final_loss=fitted.last("loss"),
    )


def training_figures(fitted: Fitted, distinct: int, seconds: float, config: LoopConfig) -> TrainingStats:
    """The same of a CLIP model or heads, with what their two branches came to, and where T-REG would lead the norms."""
    regulariser = config.regulariser
    settles = regulariser.kind == "tregs" and regulariser.lambda_ > 0
    return TrainingStats(
        **budget(fitted, distinct, seconds).model_dump(),
        final_contrastive=fitted.last("contrastive"),
        logit_scale=fitted.last("logit_scale"),
        image_norm=fitted.last("image_norm"),
        text_norm=fitted.last("text_norm"),
        image_tree=fitted.last("image_tree"),
        text_tree=fitted.last("text_tree"),
        predicted_norm=equilibrium_radius(config.batch, regulariser.gamma, regulariser.lambda_) if settles else None,
    )

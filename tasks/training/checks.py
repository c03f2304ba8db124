"""What is asked of a training: finite losses, a sane logit scale, embeddings that neither vanish nor explode."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from pydantic import Field

from storage.config import Config
from storage.record.manifest import Manifest
from tasks.limits import AtLeast, Finding, Holds, Within, held, holds
from tasks.training.stats import ClipStats, SelfSupervisedStats, TrainingStats


class TrainingChecks(Config):
    """Checks of trained models."""

    finite: Holds = Field(
        default_factory=lambda: Holds(severity="error"), description="the loss of every step is a finite number"
    )
    logit_scale: Within = Field(
        default_factory=lambda: Within(least=1.5, most=100.0),
        description="scale of the cosine similarities at the end, of models that learn it; training keeps it between 1 "
        "and 100, and near 1 nothing tells pairs apart",
    )
    norm: Within = Field(
        default_factory=lambda: Within(least=1e-3, most=1e3),
        description="mean norm of the un-normalised embeddings of either branch",
    )
    spread: AtLeast = Field(
        default_factory=lambda: AtLeast(least=1e-3),
        description="spread of self-supervised embeddings; 0: they have collapsed to one point",
    )
    rank: AtLeast = Field(
        default_factory=lambda: AtLeast(least=2.0),
        description="participation ratio of self-supervised embeddings: along how many directions they spread",
    )


def judge_clip(manifest: Manifest, folder: Path, limits: TrainingChecks) -> Iterator[Finding]:
    """A CLIP model."""
    stats = ClipStats.of(manifest)
    yield from _finite(folder, limits)
    if stats.logit_scale is not None:
        yield from held("training.logit_scale", limits.logit_scale, stats.logit_scale, "is the logit scale at the end")
    yield from _norms(stats, limits)


def judge_heads(manifest: Manifest, folder: Path, limits: TrainingChecks) -> Iterator[Finding]:
    """Heads, whose logit scale is given."""
    yield from _finite(folder, limits)
    yield from _norms(TrainingStats.of(manifest), limits)


def judge_backbone(manifest: Manifest, folder: Path, limits: TrainingChecks) -> Iterator[Finding]:
    """A self-supervised backbone."""
    stats = SelfSupervisedStats.of(manifest)
    yield from _finite(folder, limits)
    if stats.spread is not None:
        yield from held("training.spread", limits.spread, stats.spread, "is the spread of the embeddings")
    if stats.rank is not None:
        yield from held("training.rank", limits.rank, stats.rank, "directions are what the embeddings spread along")


def _finite(folder: Path, limits: TrainingChecks) -> Iterator[Finding]:
    """The losses of all steps, from `metrics.parquet`."""
    if limits.finite.severity == "off":
        return
    import pyarrow.compute as pc

    from storage.tables.shards import read_table

    # Arrow's numpy arrays and scalars made of Python's come by way of pandas, which takes longer to import than all
    # checks of a run take: where all is well, none is made.
    table = read_table(folder / "metrics.parquet", ["step", "loss"])
    finite = pc.is_finite(table["loss"])  # null for a step that was not measured, which has no finite loss
    words = "the loss of every step is finite"
    if wrong := len(finite) - pc.sum(finite, min_count=0).as_py():
        first = table["step"][pc.index(pc.fill_null(finite, False), False).as_py()]
        words = f"the loss of {wrong:,} of {len(finite):,} steps is not finite, first at step {first}"
    yield from holds("training.finite", limits.finite, not wrong, words)


def _norms(stats: TrainingStats, limits: TrainingChecks) -> Iterator[Finding]:
    for branch, norm in (("image", stats.image_norm), ("text", stats.text_norm)):
        if norm is not None:
            yield from held("training.norm", limits.norm, norm, f"is the mean norm of the {branch} embeddings")


JUDGES: Mapping[str, Callable[[Manifest, Path, TrainingChecks], Iterator[Finding]]] = {
    "train": judge_clip,
    "finetune": judge_clip,
    "train_heads": judge_heads,
    "selfsupervise": judge_backbone,
}

"""What the training loop asks of its configuration, without the configuration's own library."""

from types import SimpleNamespace


def loop_settings(
    *,
    steps: int,
    batch: int,
    half_steps: int = 1,
    gamma: float = 0.0,
    rate: float = 1e-3,
    warmup: int = 0,
    clip_norm: float | None = None,
    precision: str = "32-true",
    checkpoint_every: int = 1_000_000,
) -> SimpleNamespace:
    """The fields of `LoopConfig` at their defaults, but for what is given. It is not checked: the pipeline's is.

    T-REG's λ is γ / 150, as in the paper.
    """
    return SimpleNamespace(
        steps=steps,
        batch=batch,
        optimiser=SimpleNamespace(
            name="adamw",
            learning_rate=rate,
            weight_decay=0.1,
            beta1=0.9,
            beta2=0.98,
            epsilon=1e-6,
            clip_norm=clip_norm,
        ),
        schedule=SimpleNamespace(kind="cosine", warmup=warmup, final=0.0),
        loss=SimpleNamespace(half_steps=half_steps, gradient="unrolled"),
        regulariser=SimpleNamespace(
            kind="tregs", gamma=gamma, lambda_=gamma / 150, weight=0.0, gather=True, active=gamma > 0
        ),
        precision=precision,
        accumulate=1,
        compile=False,
        threads=1,
        checkpoint_every=checkpoint_every,
        check_parts=lambda ranks: None,
    )

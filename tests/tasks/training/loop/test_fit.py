"""The loop: resuming to the same bits, stopping with the ids, and what it reports."""

import numpy as np
import pytest

from storage.errors import EquipoiseError, InputError
from tasks.training.data.embeddings import embedding_batches
from tasks.training.loop.context import Context
from tasks.training.loop.fit import fit
from tasks.training.recipes.contrastive_objective import ContrastiveObjective
from tasks.training.recipes.heads import build_heads, train_heads
from tests.tasks.training.conftest import HEADS, state_bytes


def interrupted(stream, at: int):
    def batches(start: int):
        for step, batch in enumerate(stream(start), start):
            if step == at:
                raise KeyboardInterrupt
            yield batch

    return batches


@pytest.mark.parametrize("at", (1, 17, 39))
def test_resuming_gives_the_same_bits(examples, tmp_path, at):
    def stream(start):
        return embedding_batches(examples, batch=HEADS.batch, seed=3, start=start)

    def objective():
        return ContrastiveObjective(build_heads(examples, HEADS, seed=3), HEADS.loss, HEADS.regulariser)

    whole = objective()
    fitted = fit(whole, stream, HEADS)
    with pytest.raises(KeyboardInterrupt):
        fit(objective(), interrupted(stream, at), HEADS, Context(scratch=tmp_path / "scratch"))
    resumed = objective()
    again = fit(resumed, stream, HEADS, Context(scratch=tmp_path / "scratch"))
    assert again.resumed_at == at // 5 * 5
    assert state_bytes(resumed) == state_bytes(whole)
    assert again.metrics.equals(fitted.metrics)


def test_a_spoilt_checkpoint_is_not_trusted(examples, tmp_path):
    (tmp_path / "checkpoint.safetensors").write_bytes(b"not a checkpoint")
    _, fitted = train_heads(examples, HEADS, seed=0, context=Context(scratch=tmp_path))
    assert fitted.resumed_at == 0


def test_a_loss_that_is_not_finite_stops_with_the_ids(examples):
    examples.image[examples.place[3]] = np.nan
    config = HEADS.model_copy(update={"batch": 80, "steps": 3})
    with pytest.raises(EquipoiseError, match=r"step 0: the loss is not finite on a batch of 80 examples with ids \d+"):
        train_heads(examples, config, seed=0)


def test_a_batch_that_cannot_be_cut_is_named(examples):
    with pytest.raises(InputError, match="3 equal parts"):
        train_heads(examples, HEADS.model_copy(update={"accumulate": 3}), seed=0)


def test_a_training_reports_loss_scale_and_speed(examples):
    lines: list[tuple[int, int, str]] = []
    _, fitted = train_heads(examples, HEADS, seed=0, context=Context(report=lambda *line: lines.append(line)))
    done, total, words = lines[-1]
    assert (done, total) == (40, 40)
    loss, scale, speed = words.split(", ", 2)
    assert float(loss.removeprefix("loss ")) == pytest.approx(fitted.metrics["loss"][-1].as_py(), rel=1e-3)
    assert scale == "logit scale 20"
    assert float(speed.removesuffix(" examples/s").replace(",", "")) > 0

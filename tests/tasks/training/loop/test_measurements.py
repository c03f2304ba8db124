"""The numbers of every step: read in blocks, kept in their places, and stopped at the first that is not finite."""

import numpy as np
import pytest
import torch

from storage.errors import EquipoiseError
from tasks.training.loop.measurements import Watch

IDS = np.arange(10, dtype=np.uint64)


def record(watch: Watch, step: int, loss: float, norm: float = 1.0) -> None:
    watch.record(step, IDS, torch.tensor([loss, 2.0 * loss]), 0.1 * step, torch.tensor(norm))


def test_every_number_lands_in_its_step_and_column() -> None:
    watch = Watch(4, ("loss", "logit_scale"), every=3)
    for step in range(4):
        record(watch, step, float(step), norm=10.0 + step)
    assert torch.isnan(watch.history[3]).all()  # not read yet
    watch.flush()
    table = watch.table(batch=5)
    assert table.column_names == ["step", "examples", "loss", "logit_scale", "learning_rate", "gradient_norm"]
    assert table["step"].to_pylist() == [1, 2, 3, 4]
    assert table["examples"].to_pylist() == [5, 10, 15, 20]
    assert table["logit_scale"].to_pylist() == [0, 2, 4, 6]
    assert table["learning_rate"].to_pylist() == pytest.approx([0, 0.1, 0.2, 0.3])
    assert table["gradient_norm"].to_pylist() == [10, 11, 12, 13]
    assert watch.summary(4) == "loss 3, logit scale 6"
    assert watch.summary(0) == ""


def test_what_was_not_measured_is_null() -> None:
    watch = Watch(1, ("loss", "tree"), every=1)
    watch.record(0, IDS, torch.tensor([1.0, torch.nan]), 0.1, torch.tensor(1.0))
    assert watch.table(1)["tree"].to_pylist() == [None]


@pytest.mark.parametrize(("loss", "norm", "words"), ((torch.inf, 1.0, "loss"), (1.0, torch.nan, "gradient")))
def test_the_first_step_that_is_not_finite_is_named_with_its_ids(loss: float, norm: float, words: str) -> None:
    watch = Watch(4, ("loss", "other"), every=3)
    record(watch, 0, 1.0)
    record(watch, 1, loss, norm)
    sentence = rf"stopped at step 1: the {words} is not finite on a batch of 10 examples with ids 0, 1, .*, 7, …;"
    with pytest.raises(EquipoiseError, match=sentence):
        record(watch, 2, torch.nan)

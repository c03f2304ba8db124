"""Weight decay, as open_clip has it."""

from tasks.embedding.models.clip import Architecture, build_clip
from tasks.training.loop.optimiser import decay_groups


def test_decay_groups_are_open_clips():
    model = build_clip(Architecture(), seed=0).model
    groups = decay_groups(model, 0.1)
    plain = {id(parameter) for parameter in groups[0]["params"]}
    for name, parameter in model.named_parameters():
        excluded = parameter.ndim < 2 or "bn" in name or "ln" in name or "bias" in name or "logit_scale" in name
        assert (id(parameter) in plain) == excluded, name
    assert (groups[0]["weight_decay"], groups[1]["weight_decay"]) == (0.0, 0.1)

"""open_clip's own program, with a loss of ours."""

import json

import open_clip
import pytest
import torch
from open_clip.loss import ClipLoss

from tasks.training.losses.modules import BalancedClipLoss
from tasks.training.recipes.open_clip_main import train_with
from tests.tasks.training.conftest import COLOURS, png


@pytest.mark.usefixtures("loggers_as_they_were")
@pytest.mark.parametrize("accumulate", (1, 2))
def test_open_clips_program_runs_unchanged(tmp_path, accumulate):
    """`open_clip_train` with our loss for k = 1 ends at the very weights that its own loss gives."""
    architecture = {
        "embed_dim": 16,
        "vision_cfg": {"image_size": 32, "layers": 1, "width": 32, "head_width": 16, "patch_size": 8},
        "text_cfg": {"context_length": 77, "vocab_size": 49408, "width": 16, "heads": 2, "layers": 1},
    }
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "equipoise-open-clip-test.json").write_text(json.dumps(architecture))
    open_clip.add_model_config(tmp_path / "models")
    lines = ["filepath\ttitle"]
    for row, name in enumerate(list(COLOURS) * 8):
        (tmp_path / f"{row}.png").write_bytes(png(COLOURS[name], noise=row))
        lines.append(f"{tmp_path / f'{row}.png'}\ta {name} square {row}")
    (tmp_path / "train.csv").write_text("\n".join(lines))

    class Recording(BalancedClipLoss):
        calls = 0

        def forward(self, *args, **kwargs):
            Recording.calls += 1
            return super().forward(*args, **kwargs)

    states = []
    for name, loss in (("theirs", ClipLoss()), ("ours", Recording(1))):
        arguments = (
            f"--dataset-type csv --train-data {tmp_path}/train.csv --batch-size 8 --epochs 1 --workers 0 --device cpu "
            f"--precision fp32 --model equipoise-open-clip-test --accum-freq {accumulate} --lr 1e-3 --eps 1e-3 "
            f"--warmup 0 --seed 0 --logs {tmp_path} --name {name} --save-frequency 1 --force-image-size 32"
        )
        train_with(loss, arguments.split())
        checkpoint = tmp_path / name / "checkpoints" / "epoch_1.pt"
        states.append(torch.load(checkpoint, weights_only=True)["state_dict"])
    assert Recording.calls == 4
    for name, tensor in states[0].items():
        torch.testing.assert_close(states[1][name], tensor, atol=1e-5, rtol=1e-4, msg=name)

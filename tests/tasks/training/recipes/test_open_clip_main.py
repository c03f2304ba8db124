"""open_clip's own program, with a loss of ours, and on a selection from tars."""

import json
from collections import Counter

import open_clip
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from open_clip.loss import ClipLoss

from storage.export.tars import add, new_tar
from tasks.training.loaders.choice import Choice
from tasks.training.losses.modules import BalancedClipLoss
from tasks.training.recipes.open_clip_main import main, selecting, train_with
from tests.tasks.training.conftest import COLOURS, png

ARCHITECTURE = {
    "embed_dim": 16,
    "vision_cfg": {"image_size": 32, "layers": 1, "width": 32, "head_width": 16, "patch_size": 8},
    "text_cfg": {"context_length": 77, "vocab_size": 49408, "width": 16, "heads": 2, "layers": 1},
}
MODEL = "equipoise-open-clip-test"


@pytest.fixture
def architecture(tmp_path):
    """A tiny model that open_clip knows by name."""
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / f"{MODEL}.json").write_text(json.dumps(ARCHITECTURE))
    open_clip.add_model_config(tmp_path / "models")


@pytest.mark.usefixtures("loggers_as_they_were", "architecture")
@pytest.mark.parametrize("accumulate", (1, 2))
def test_open_clips_program_runs_unchanged(tmp_path, accumulate):
    """`open_clip_train` with our loss for k = 1 ends at the very weights that its own loss gives."""
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
            f"--precision fp32 --model {MODEL} --accum-freq {accumulate} --lr 1e-3 --eps 1e-3 "
            f"--warmup 0 --seed 0 --logs {tmp_path} --name {name} --save-frequency 1 --force-image-size 32"
        )
        train_with(loss, arguments.split())
        checkpoint = tmp_path / name / "checkpoints" / "epoch_1.pt"
        states.append(torch.load(checkpoint, weights_only=True)["state_dict"])
    assert Recording.calls == 4
    for name, tensor in states[0].items():
        torch.testing.assert_close(states[1][name], tensor, atol=1e-5, rtol=1e-4, msg=name)


def write_tars(folder, pictures):
    """Tars of pictures of four colours, as img2dataset has them with DataComp's uids, and `sizes.json`."""
    names = list(COLOURS)
    for tar in range(2):
        with new_tar(folder / f"{tar:08d}.tar") as file:
            for row in range(tar * pictures, (tar + 1) * pictures):
                add(file, f"{row:09d}.png", png(COLOURS[names[row % 4]], noise=row))
                add(file, f"{row:09d}.txt", f"number {row}".encode())
                add(file, f"{row:09d}.json", json.dumps({"uid": f"{row:032x}"}).encode())
    sizes = {f"{tar:08d}.tar": pictures for tar in range(2)}
    (folder / "sizes.json").write_text(json.dumps(sizes))
    return f"{folder}/{{00000000..00000001}}.tar"


@pytest.mark.usefixtures("loggers_as_they_were", "architecture")
@pytest.mark.parametrize("resampled", ("", pytest.param("--dataset-resampled", marks=pytest.mark.slow)))
def test_open_clip_trains_on_a_choice_of_its_tars(tmp_path, resampled):
    """Its program sees the chosen samples alone, each as often as it is drawn, and an epoch has their number."""
    (tmp_path / "tars").mkdir()
    tars = write_tars(tmp_path / "tars", 20)
    copies = {row: row % 3 for row in range(40)}
    table = pa.table({
        "uid": [f"{row:032x}" for row in copies],
        "weight": [1.0] * 40,
        "copies": pa.array(copies.values(), pa.uint32()),
        "seed": pa.array([0] * 40, pa.uint64()),
    })  # fmt: skip
    pq.write_table(table, tmp_path / "weights.parquet")
    arguments = (
        f"--dataset-type webdataset --train-data {tars} {resampled} --batch-size 13 --epochs 1 --workers 1 "
        f"--device cpu --precision fp32 --model {MODEL} --warmup 0 --seed 0 --logs {tmp_path} --name run"
    )
    tokenizer = open_clip.SimpleTokenizer.__call__

    def recording(self, texts, *args, **kwargs):
        (tmp_path / "seen.txt").open("a").write("".join(f"{text}\n" for text in [texts] if isinstance(text, str)))
        return tokenizer(self, texts, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:  # the tokenizer runs in a process of its own: what it saw is in a file
        patch.setattr(open_clip.SimpleTokenizer, "__call__", recording)
        ours = f"--half-steps 1 --selection {tmp_path}/weights.parquet --selection-key json.uid --"
        main([*ours.split(), *arguments.split()])
    read = Counter(int(line.split()[1]) for line in (tmp_path / "seen.txt").read_text().splitlines())
    assert (tmp_path / "run" / "checkpoints" / "epoch_1.pt").is_file()
    assert set(read) <= {row for row, many in copies.items() if many}
    if not resampled:  # 39 samples, three batches of 13
        assert read == Counter({row: many for row, many in copies.items() if many})


def test_open_clip_is_left_as_it_was():
    from open_clip_train import data

    before = data.tarfile_to_samples_nothrow, data.get_dataset_size
    with pytest.raises(RuntimeError), selecting(Choice.of({"a": 3})):
        assert data.get_dataset_size("{0..3}.tar") == (3, 4)
        raise RuntimeError
    assert (data.tarfile_to_samples_nothrow, data.get_dataset_size) == before

"""The training stages: what they write, the same bytes again, and what a selection or a locked tower means."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pyarrow as pa
import pytest
import torch
from safetensors.torch import load_file

from storage.errors import InputError
from storage.tables.shards import read_table
from tasks.embedding.models.clip import Architecture, build_clip, load_clip
from tasks.training.config import (
    FinetuneConfig,
    OptimiserConfig,
    RegulariserConfig,
    ScheduleConfig,
)
from tasks.training.models.saved import load_trained
from tasks.training.task import finetune, train
from tasks.training.task import train_heads as heads_stage
from tests.tasks.training.conftest import HEADS, TINY, embeddings_table, pairs_table, publish


def test_training_learns_the_colours(runtime, squares_manifest):
    config = TINY.model_copy(update={"steps": 30, "batch": 24})
    manifest = train.run(config, 0, [squares_manifest], None, runtime=runtime)
    assert {file.path for file in manifest.files} == {"metrics.parquet", "model.json", "model.safetensors"}
    assert (manifest.stats["steps"], manifest.stats["examples_seen"]) == (30, 720)
    assert manifest.stats["distinct_examples"] == 48
    losses = read_table(runtime.store / "train" / manifest.key / "metrics.parquet")["loss"].to_pylist()
    assert np.mean(losses[-5:]) < 0.75 * losses[0]
    clip = load_trained(runtime.store / "train" / manifest.key, None)
    assert clip.model.encode_text(clip.tokenizer(["a red square"])).shape == (1, 64)


def test_a_run_is_the_same_bytes_again_and_in_parallel_threads(runtime, squares_manifest, tmp_path):
    alone = train.run(TINY, 0, [squares_manifest], None, runtime=runtime)
    stores = [runtime.model_copy(update={"store": tmp_path / f"store{i}", "workers": 1 + i}) for i in range(2)]
    for store in stores:
        publish(store, "ingest", "squares", {})
        (store.store / "ingest" / "squares" / "pairs-00000.parquet").write_bytes(
            (runtime.store / "ingest" / "squares" / "pairs-00000.parquet").read_bytes()
        )
    generator = torch.random.get_rng_state()
    with ThreadPoolExecutor(2) as pool:
        runs = [pool.submit(train.run, TINY, 0, [squares_manifest], None, runtime=store) for store in stores]
        together = [run.result() for run in runs]
    assert {run.digest for run in together} == {alone.digest}
    assert torch.equal(torch.random.get_rng_state(), generator)


def test_finetuning_with_tregs_spreads_and_the_control_is_measured(runtime, squares_manifest):
    model = train.run(TINY, 0, [squares_manifest], None, runtime=runtime)
    base = FinetuneConfig(
        steps=12,
        batch=24,
        optimiser=OptimiserConfig(learning_rate=5e-4),
        schedule=ScheduleConfig(kind="constant", warmup=0),
    )
    runs = {
        gamma: finetune.run(
            base.model_copy(update={"regulariser": RegulariserConfig(gamma=gamma, lambda_=gamma / 100)}),
            0,
            model,
            [squares_manifest],
            None,
            runtime=runtime,
        )
        for gamma in (0.0, 5.0)
    }
    ends = {
        gamma: read_table(runtime.store / "finetune" / run.key / "metrics.parquet").to_pylist()[-1]
        for gamma, run in runs.items()
    }
    assert ends[5.0]["image_tree"] > 1.05 * ends[0.0]["image_tree"]
    assert ends[5.0]["text_tree"] > 2 * ends[0.0]["text_tree"]
    assert runs[0.0].stats["final_loss"] == runs[0.0].stats["final_contrastive"]
    assert runs[0.0].stats["predicted_norm"] is None
    assert runs[5.0].stats["predicted_norm"] == pytest.approx(1 + 50 * np.sqrt(2 * 23 / 24))


def test_heads_stage_writes_the_released_names_and_loads_on_a_base(runtime, tmp_path):
    embeddings = publish(runtime, "embed", "vectors", {"embeddings-00000.parquet": embeddings_table(60, dimension=64)})
    manifest = heads_stage.run(HEADS, 1, [embeddings], None, runtime=runtime)
    directory = runtime.store / "train_heads" / manifest.key
    names = set(load_file(directory / "model.safetensors"))
    assert names == {
        f"{branch}_encoder.{layer}.{part}"
        for branch in ("image", "text")
        for layer in ("proj", "layers.0", "out")
        for part in ("weight", "bias")
    }
    from tasks.embedding.models.clip import save_clip

    base = build_clip(Architecture(), seed=0)
    save_clip(tmp_path / "base", base)
    clip = load_trained(directory, tmp_path / "base")
    tokens = clip.tokenizer(["a red square"])
    direct = clip.model.heads.encode_text(load_clip(tmp_path / "base").model.encode_text(tokens))
    torch.testing.assert_close(clip.model.encode_text(tokens), direct)
    assert clip.model.logit_scale.exp().item() == pytest.approx(20, rel=1e-3)
    with pytest.raises(InputError, match="give the base encoder"):
        load_trained(directory, None)


def test_sampling_by_weight(runtime, squares_manifest):
    from storage.tables.schemas import SELECTION

    ids = pairs_table(48)["id"].to_pylist()
    each = {"weight": 0.5, "inclusion": 0.5, "multiplicity": 1}
    rows = [{"row": row, "id": identity, **each} for row, identity in enumerate(ids[:24])]
    selection = publish(
        runtime, "select", "half", {"selection-00000.parquet": pa.Table.from_pylist(rows, schema=SELECTION)}
    )
    for sampling in ("multiplicity", "weight"):
        config = TINY.model_copy(update={"sampling": sampling, "steps": 1})
        assert train.run(config, 0, [squares_manifest], [selection], runtime=runtime).stats["distinct_examples"] == 24
    table = pa.table({"id": pa.array(ids, pa.uint64()), "weight": [1.0] * 48})
    weights = publish(runtime, "balance", "all", {"selection-00000.parquet": table})
    with pytest.raises(InputError, match="holds no multiplicity"):
        train.run(TINY, 0, [squares_manifest], [weights], runtime=runtime)


@pytest.mark.parametrize("tower", ("image", "text"))
def test_a_locked_tower_stays_as_it_was(runtime, squares_manifest, tmp_path, tower):
    from storage.record.external import external
    from tasks.embedding.models.clip import save_clip

    config = TINY.model_copy(update={"locked": tower, "architecture": Architecture(), "steps": 2})
    first = build_clip(config.architecture, seed=7)
    save_clip(tmp_path / "first", first)
    initial = external(tmp_path / "first", tmp_path)
    manifest = train.run(config, 0, [squares_manifest], None, initial, runtime=runtime)
    after = load_trained(runtime.store / "train" / manifest.key, None).model.state_dict()
    moved = {
        name.split(".")[0] == "visual"
        for name, tensor in first.model.state_dict().items()
        if name != "logit_scale" and not torch.equal(tensor, after[name])
    }
    assert moved == {tower == "text"}

"""The loop and the stages: learning, resuming to the same bits, parallel runs, accumulation, and stopping."""

from concurrent.futures import ThreadPoolExecutor
from itertools import islice, pairwise

import numpy as np
import pyarrow as pa
import pytest
import torch
from safetensors.torch import load_file

from storage.errors import EquipoiseError, InputError
from storage.tables.shards import read_table
from tasks.embedding.clip import Architecture, build_clip, load_clip
from tasks.training.config import (
    FinetuneConfig,
    HeadsConfig,
    OptimiserConfig,
    RegulariserConfig,
    ScheduleConfig,
    TrainingConfig,
)
from tasks.training.data.batch import Batch
from tasks.training.data.embeddings import embedding_batches, read_embeddings
from tasks.training.data.images import Preparation
from tasks.training.data.pairs import read_pairs
from tasks.training.loop.context import Context
from tasks.training.loop.fit import fit
from tasks.training.loop.optimiser import decay_groups
from tasks.training.loop.schedule import learning_rate
from tasks.training.models.saved import load_trained, lock_tower
from tasks.training.recipes.clip import train_clip
from tasks.training.recipes.contrastive_objective import ContrastiveObjective
from tasks.training.recipes.heads import build_heads, train_heads
from tasks.training.task import finetune, train
from tasks.training.task import train_heads as heads_stage
from tests.tasks.training.conftest import embeddings_table, pairs_table, publish

TINY = TrainingConfig(
    steps=6, batch=12, architecture=Architecture(name="equipoise-tiny-vit"), schedule=ScheduleConfig(warmup=2)
)


@pytest.fixture
def examples(tmp_path):
    from storage.tables.shards import write_table

    write_table(tmp_path / "embeddings-00000.parquet", embeddings_table(80))
    return read_embeddings([tmp_path / "embeddings-00000.parquet"], None)


HEADS = HeadsConfig(steps=40, batch=16, hidden=32, outputs=8, logit_scale=20, checkpoint_every=5)


def state_bytes(module: torch.nn.Module) -> list[bytes]:
    return [tensor.numpy().tobytes() for tensor in module.state_dict().values()]


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


def test_order_of_shards_does_not_matter_and_seeds_do(squares):
    clips = []
    for paths, seed in ((squares, 0), (squares[::-1], 0), (squares, 1)):
        clip = build_clip(TINY.architecture, seed=0)
        pairs = read_pairs(paths, None, preparation=Preparation.of(clip.transform), tokenizer=clip.tokenizer)
        train_clip(clip, pairs, TINY, seed=seed)
        clips.append(state_bytes(clip.model))
    assert clips[0] == clips[1] != clips[2]


def test_pictures_from_disk_give_the_same_bits(squares, tmp_path):
    states = []
    for limit in (1 << 30, 0):
        clip = build_clip(TINY.architecture, seed=0)
        pairs = read_pairs(
            squares,
            None,
            preparation=Preparation.of(clip.transform),
            tokenizer=clip.tokenizer,
            scratch=tmp_path,
            decoded_limit=limit,
        )
        train_clip(clip, pairs, TINY, seed=0)
        states.append(state_bytes(clip.model))
    assert states[0] == states[1]


def test_unused_tokens_stay_as_they_were(squares):
    clip = build_clip(TINY.architecture, seed=0)
    before = clip.model.token_embedding.weight.detach().clone()
    pairs = read_pairs(squares, None, preparation=Preparation.of(clip.transform), tokenizer=clip.tokenizer)
    train_clip(clip, pairs, TINY, seed=0)
    used = pairs.tokens.used()
    after = clip.model.token_embedding.weight.detach()
    unused = torch.ones(len(before), dtype=torch.bool).index_fill(0, used, False)
    assert torch.equal(after[unused], before[unused])
    assert not torch.equal(after[used], before[used])


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


def test_resuming_a_clip_model_gives_the_same_bits(squares, tmp_path):
    config = TINY.model_copy(update={"checkpoint_every": 2, "architecture": Architecture()})

    def run(scratch, fail_at=None):
        clip = build_clip(config.architecture, seed=0)
        pairs = read_pairs(squares, None, preparation=Preparation.of(clip.transform), tokenizer=clip.tokenizer)
        if fail_at is not None:
            take, calls = pairs.pictures.take, []

            def failing(rows):
                calls.append(0)
                if len(calls) > fail_at:
                    raise KeyboardInterrupt
                return take(rows)

            pairs.pictures.take = failing
        train_clip(clip, pairs, config, seed=0, context=Context(scratch=scratch))
        return state_bytes(clip.model)

    whole = run(None)
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "scratch", fail_at=5)
    assert run(tmp_path / "scratch") == whole


def test_a_spoilt_checkpoint_is_not_trusted(examples, tmp_path):
    (tmp_path / "checkpoint.safetensors").write_bytes(b"not a checkpoint")
    _, fitted = train_heads(examples, HEADS, seed=0, context=Context(scratch=tmp_path))
    assert fitted.resumed_at == 0


def test_accumulation_is_the_whole_batch(squares):
    states = []
    for accumulate in (1, 3):
        config = TINY.model_copy(
            update={
                "accumulate": accumulate,
                "steps": 2,
                "regulariser": RegulariserConfig(gamma=0.1, lambda_=0.1),
                "optimiser": OptimiserConfig(epsilon=1e-3),
            }
        )
        clip = build_clip(config.architecture, seed=0)
        pairs = read_pairs(squares, None, preparation=Preparation.of(clip.transform), tokenizer=clip.tokenizer)
        fitted = train_clip(clip, pairs, config, seed=0)
        states.append((clip.model.state_dict(), fitted.metrics))
    for name, tensor in states[0][0].items():
        torch.testing.assert_close(states[1][0][name], tensor, atol=2e-5, rtol=1e-4)
    for column in ("loss", "gradient_norm", "image_tree"):
        np.testing.assert_allclose(states[0][1][column], states[1][1][column], rtol=1e-4)


@pytest.mark.parametrize("tower", ("image", "text"))
def test_accumulation_with_a_locked_tower(squares, tower):
    states = []
    for accumulate in (1, 3):
        config = TINY.model_copy(
            update={"accumulate": accumulate, "steps": 2, "optimiser": OptimiserConfig(epsilon=1e-3)}
        )
        clip = build_clip(config.architecture, seed=0)
        lock_tower(clip.model, tower)
        pairs = read_pairs(squares, None, preparation=Preparation.of(clip.transform), tokenizer=clip.tokenizer)
        train_clip(clip, pairs, config, seed=0)
        states.append(clip.model.state_dict())
    for name, tensor in states[0].items():
        torch.testing.assert_close(states[1][name], tensor, atol=2e-5, rtol=1e-4)


def losses_of(examples, **changes) -> np.ndarray:
    config = HEADS.model_copy(update={"steps": 6, **changes})
    heads, fitted = train_heads(examples, config, seed=0)
    assert all(parameter.dtype == torch.float32 for parameter in heads.parameters())
    return fitted.metrics["loss"].to_numpy()


@pytest.mark.parametrize("accumulate", (1, 2))
def test_bf16_encodes_in_bf16_and_stays_near(examples, accumulate):
    whole = losses_of(examples)
    mixed = losses_of(examples, precision="bf16-mixed", accumulate=accumulate)
    assert (mixed != whole).all()
    np.testing.assert_allclose(mixed, whole, rtol=2e-2)


@pytest.mark.slow
@pytest.mark.parametrize("accumulate", (1, 2))
def test_compiled_encoders_train_alike(examples, accumulate):
    np.testing.assert_allclose(losses_of(examples, compile=True, accumulate=accumulate), losses_of(examples), rtol=1e-4)


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


@pytest.mark.parametrize("kind", ("koleo", "uniformity", "vicreg", "sigreg"))
def test_every_regulariser_trains(examples, kind):
    config = HEADS.model_copy(update={"steps": 3, "regulariser": RegulariserConfig(kind=kind, weight=0.1)})
    _, fitted = train_heads(examples, config, seed=0)
    assert fitted.metrics["loss"][0].as_py() != fitted.metrics["contrastive"][0].as_py()


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
    from tasks.embedding.clip import save_clip

    base = build_clip(Architecture(), seed=0)
    save_clip(tmp_path / "base", base)
    clip = load_trained(directory, tmp_path / "base")
    tokens = clip.tokenizer(["a red square"])
    direct = clip.model.heads.encode_text(load_clip(tmp_path / "base").model.encode_text(tokens))
    torch.testing.assert_close(clip.model.encode_text(tokens), direct)
    assert clip.model.logit_scale.exp().item() == pytest.approx(20, rel=1e-3)
    with pytest.raises(InputError, match="give the base encoder"):
        load_trained(directory, None)


def test_a_loss_that_is_not_finite_stops_with_the_ids(examples):
    examples.image[examples.place[3]] = np.nan
    config = HEADS.model_copy(update={"batch": 80, "steps": 3})
    with pytest.raises(EquipoiseError, match=r"step 0: the loss is not finite on a batch of 80 examples with ids \d+"):
        train_heads(examples, config, seed=0)


def test_the_logit_scale_is_kept_at_100(squares):
    clip = build_clip(TINY.architecture, seed=0)
    with torch.no_grad():
        clip.model.logit_scale.fill_(5.0)
    pairs = read_pairs(squares, None, preparation=Preparation.of(clip.transform), tokenizer=clip.tokenizer)
    train_clip(clip, pairs, TINY.model_copy(update={"steps": 1}), seed=0)
    assert clip.model.logit_scale.exp().item() == pytest.approx(100, rel=1e-5)


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


def test_learning_rate_warms_up_and_falls():
    schedule = ScheduleConfig(warmup=4, final=0.1)
    rates = [learning_rate(step, peak=2.0, steps=20, schedule=schedule) for step in range(21)]
    assert rates[:4] == [0.5, 1.0, 1.5, 2.0]
    assert rates[4] == 2.0
    assert rates[12] == pytest.approx(2.0 * 0.55)
    assert rates[20] == pytest.approx(0.2)
    assert all(earlier >= later for earlier, later in pairwise(rates[4:]))
    constant = ScheduleConfig(kind="constant", warmup=0)
    assert learning_rate(19, peak=2.0, steps=20, schedule=constant) == 2.0


def test_decay_groups_are_open_clips():
    model = build_clip(Architecture(), seed=0).model
    groups = decay_groups(model, 0.1)
    plain = {id(parameter) for parameter in groups[0]["params"]}
    for name, parameter in model.named_parameters():
        excluded = parameter.ndim < 2 or "bn" in name or "ln" in name or "bias" in name or "logit_scale" in name
        assert (id(parameter) in plain) == excluded, name
    assert (groups[0]["weight_decay"], groups[1]["weight_decay"]) == (0.0, 0.1)


def test_batches_are_asked_for_from_a_step(examples):
    first = [batch.ids.tolist() for batch in islice(embedding_batches(examples, batch=8, seed=0, start=0), 6)]
    later = [batch.ids.tolist() for batch in islice(embedding_batches(examples, batch=8, seed=0, start=4), 2)]
    assert first[4:] == later
    assert isinstance(next(embedding_batches(examples, batch=8, seed=0, start=0)), Batch)


def test_sampling_by_weight(runtime, squares_manifest):
    from storage.tables.schemas import SELECTION

    ids = pairs_table(48)["id"].to_pylist()
    rows = [{"id": identity, "weight": 0.5, "inclusion": 0.5, "multiplicity": 1} for identity in ids[:24]]
    selection = publish(runtime, "select", "half", {"selection.parquet": pa.Table.from_pylist(rows, schema=SELECTION)})
    for sampling in ("multiplicity", "weight"):
        config = TINY.model_copy(update={"sampling": sampling, "steps": 1})
        assert train.run(config, 0, [squares_manifest], selection, runtime=runtime).stats["distinct_examples"] == 24
    table = pa.table({"id": pa.array(ids, pa.uint64()), "weight": [1.0] * 48})
    weights = publish(runtime, "balance", "all", {"weights-00000.parquet": table})
    with pytest.raises(InputError, match="holds no multiplicity"):
        train.run(TINY, 0, [squares_manifest], weights, runtime=runtime)


@pytest.mark.parametrize("tower", ("image", "text"))
def test_a_locked_tower_stays_as_it_was(runtime, squares_manifest, tmp_path, tower):
    from storage.record.manifest import External
    from tasks.embedding.clip import save_clip

    config = TINY.model_copy(update={"locked": tower, "architecture": Architecture(), "steps": 2})
    first = build_clip(config.architecture, seed=7)
    save_clip(tmp_path / "first", first)
    initial = External(path=tmp_path / "first", fingerprint="first")
    manifest = train.run(config, 0, [squares_manifest], None, initial, runtime=runtime)
    after = load_trained(runtime.store / "train" / manifest.key, None).model.state_dict()
    moved = {
        name.split(".")[0] == "visual"
        for name, tensor in first.model.state_dict().items()
        if name != "logit_scale" and not torch.equal(tensor, after[name])
    }
    assert moved == {tower == "text"}

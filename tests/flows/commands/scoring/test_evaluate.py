"""`equipoise evaluate`: heads of a .pt and models, on benchmarks by name, into files that others read; faults first."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from typer.testing import CliRunner, Result

from flows.command import app
from flows.commands.scoring.candidates import candidates
from flows.commands.scoring.score import named_benchmarks, scores
from storage.errors import InputError
from storage.store.workspace import Runtime
from tasks.embedding.models.clip import Architecture, build_clip, save_clip
from tasks.evaluation.config import EvaluationConfig
from tasks.evaluation.exchange.clip_benchmark_json import read_results
from tasks.training.models.heads import Heads
from tests.tasks.embedding.model_folders import write_bert, write_timm
from tests.tasks.evaluation.conftest import COLOURS, write_classification, write_retrieval


def call(folder: Path, *arguments: object) -> Result:
    where = ("--store", folder / "store", "--to", folder / "scores")
    return CliRunner().invoke(app, ["evaluate", *map(str, (*arguments, *where))])


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two benchmarks in a root, a CLIP model, and heads as the authors released theirs."""
    folder = tmp_path_factory.mktemp("shelf")
    write_classification(folder / "sets" / "wds_cifar10", list(COLOURS))
    write_retrieval(folder / "sets" / "wds_flickr30k_test")
    save_clip(folder / "clip", build_clip(Architecture(), seed=1))
    for number in range(2):
        torch.manual_seed(number)
        torch.save(Heads(64, 64, hidden=8, outputs=6).state_dict(), folder / f"double_{number}.pt")
    return folder


def test_released_heads_become_safetensors_and_scores(shelf: Path, tmp_path: Path) -> None:
    heads = [part for number in range(2) for part in ("--heads", shelf / f"double_{number}.pt")]
    named = ("--root", shelf / "sets", "--benchmark", "cifar10", "--benchmark", "flickr30k", "--one-caption")
    done = call(tmp_path, *heads, "--model", shelf / "clip", *named)
    assert done.exit_code == 0, done.output
    assert len(list((tmp_path / "store" / "encode_benchmark").iterdir())) == 2  # not once for either heads
    kept = load_file(tmp_path / "scores" / "heads" / "double_0" / "model.safetensors")
    state = torch.load(shelf / "double_0.pt", weights_only=True)
    assert kept.keys() == state.keys() and all(torch.equal(kept[name], state[name]) for name in kept)
    folders = sorted(path for path in (tmp_path / "scores").iterdir() if path.name.startswith("double_"))
    assert len(folders) == 2
    found = [result for folder in folders for _, result in read_results(folder)]
    assert {result.dataset for result in found} == {"wds/cifar10", "wds/flickr30k"}
    lines = [json.loads(line) for line in (folders[0] / "eval_results.jsonl").read_text().splitlines()]
    assert [line["key"] for line in lines] == ["cifar10", "retrieval/flickr30k"]
    assert "one_caption_text_retrieval_recall@10" in lines[1]["metrics"]


def test_models_are_scored_as_the_stage_scores_them(shelf: Path, tmp_path: Path) -> None:
    plan = named_benchmarks(shelf / "sets", ["cifar10"], EvaluationConfig(resamples=100), probe=False)
    runtime = Runtime(store=tmp_path / "store")
    (model,) = candidates([shelf / "clip"], [], (None, None, None), runtime, tmp_path)
    (scored,) = scores(model, plan.benchmarks[0], plan, runtime)
    assert scored.model == "clip" and scored.document["images"] == 40


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--model", "{clip}"), "no benchmark is named"),
        (("--benchmark", "cifar10"), "`root`, which is not given"),
        (("--root", "{shelf}/nowhere", "--benchmark", "cifar10"), "is no folder"),
        (("--root", "{sets}", "--benchmark", "stl10"), "there is no benchmark 'stl10'"),
        (("--root", "{sets}", "--benchmark", "wilds/fmow"), "is not scored here"),
        (("--root", "{sets}", "--benchmark", "cifar10"), "nothing to score"),
        (("--root", "{sets}", "--benchmark", "cifar10", "{sets}"), "holds no model"),
        (("--root", "{sets}", "--benchmark", "cifar10", "{shelf}/double_0.pt"), "is a pickle"),
        (("--root", "{sets}", "--benchmark", "cifar10", "--heads", "{shelf}/double_0.pt"), "heads stand on an encoder"),
        (
            ("--root", "{sets}", "--benchmark", "cifar10", "--image-model", "{timm}", "--text-model", "{bert}"),
            "image encoder gives 256 numbers and the text encoder 24",
        ),
        (
            ("--root", "{sets}", "--benchmark", "cifar10", "--heads", "{shelf}/double_0.pt", "--image-model", "{timm}",
             "--text-model", "{bert}"),
            "heads take image features of 64 numbers, but the image encoder gives 256",
        ),
        (("--root", "{sets}", "--benchmark", "cifar10", "--probe", "{clip}"), "no benchmark has a sub-folder 'train'"),
    ],
)  # fmt: skip
def test_faults_are_one_sentence_before_anything_is_encoded(
    shelf: Path, tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    names = {"shelf": shelf, "sets": shelf / "sets", "clip": shelf / "clip", "timm": tmp_path / "timm",
             "bert": tmp_path / "bert"}  # fmt: skip
    if "{timm}" in arguments:
        write_timm(names["timm"])
        write_bert(names["bert"])
    done = call(tmp_path, *(each.format(**names) for each in arguments))
    assert isinstance(done.exception, InputError) and message in str(done.exception)
    assert "\n" not in str(done.exception) and not (tmp_path / "store" / "encode_benchmark").exists()

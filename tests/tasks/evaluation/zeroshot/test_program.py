"""clip-benchmark's real program on a model of ours gives the scores of the evaluation stage."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from storage.errors import InputError
from storage.record.external import external
from storage.store.workspace import Runtime
from tasks.evaluation.config import EvaluationConfig
from tasks.evaluation.task import evaluate
from tasks.evaluation.zeroshot.program import RenderedImages, main
from tests.paths import CASES, ROOT
from tests.tasks.evaluation.conftest import COLOURS, write_classification
from tests.tasks.evaluation.test_task import untrained


def program(folder: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT), "COLUMNS": "300"}
    command = [sys.executable, "-m", "flows.command", "clip-benchmark", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, env=environment, cwd=folder, timeout=300)


@pytest.fixture(scope="module")
def six(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A benchmark of six colours, in two shards."""
    return write_classification(tmp_path_factory.mktemp("sets") / "six", list(COLOURS))


def test_it_agrees_with_the_stage(six: Path, tmp_path: Path) -> None:
    runtime = Runtime(store=tmp_path / "store")
    model = untrained.run(0, runtime=runtime)
    made = evaluate.run(EvaluationConfig(resamples=100), "", model, external(six, tmp_path),
                        runtime=runtime)  # fmt: skip
    done = program(tmp_path, "eval", "--pretrained", runtime.store / model.name, "--dataset", "wds/six",
                   "--dataset_root", six, "--task", "zeroshot_classification")  # fmt: skip
    assert done.returncode == 0, done.stderr
    (written,) = tmp_path.glob("*.json")
    theirs = json.loads(written.read_text())
    assert theirs["model"] == "equipoise" and theirs["dataset"] == "wds/six"
    ours = json.loads((runtime.store / made.name / "scores.json").read_text())
    assert theirs["metrics"] == pytest.approx(ours["metrics"])


def test_a_folder_without_a_model_is_one_sentence(six: Path, tmp_path: Path) -> None:
    wanted = ["--dataset", "wds/six", "--dataset_root", str(six), "--task", "zeroshot_classification"]
    with pytest.raises(InputError, match=r"model.json cannot be read"):
        main(["eval", "--pretrained", str(tmp_path), *wanted])
    with pytest.raises(InputError, match="is no folder"):
        main(["eval", "--pretrained", str(tmp_path / "absent"), *wanted])


def test_its_pictures_are_rendered_as_everywhere() -> None:
    """webdataset's `convert` makes what is transparent black."""
    handler = RenderedImages("pil", extensions=["png", "webp"])
    content = (CASES / "black_on_transparency.png").read_bytes()
    shown = handler("x.png", content)
    assert shown is not None and shown.getpixel((0, 0)) == (255, 255, 255)
    assert handler("gif", content) is None


def test_its_own_help_is_shown_and_the_programs_arguments_are_put_back(capsys: pytest.CaptureFixture[str]) -> None:
    before = list(sys.argv)
    with pytest.raises(SystemExit):
        main(["eval", "--help"])
    assert sys.argv == before
    shown = capsys.readouterr().out
    assert "equipoise" in shown and "--fewshot_k" in shown

"""What is told of benchmarks before a run: no fault, and one sentence each."""

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from flows.config.pipeline import load_config, load_experiment
from flows.config.studies.study import study_file
from flows.preflight.check import require
from flows.remarks import idle_devices, remarks
from storage.errors import InputError
from tests.flows.conftest import edit
from tests.tasks.evaluation.conftest import COLOURS, write_classification, write_multilabel

FIVE = list(COLOURS)[:5]


def spoiled(folder: Path, name: str, content: str) -> Path:
    (folder / name).write_text(content)
    return folder


SETS: dict[str, tuple[Callable[[Path], Path], str | None]] = {
    "sound": (lambda path: write_classification(path, FIVE, images=50, shards=3), None),
    "under five classes": (
        lambda path: write_classification(path, FIVE[:2]), "there are only 2 classes, so that acc5 does not exist"
    ),
    "an empty class": (
        lambda path: write_classification(path, FIVE, images=3, shards=1), "classes have no image ('blue', 'white'"
    ),
    "one name twice": (
        lambda path: spoiled(write_classification(path, FIVE, images=50, shards=3), "classnames.txt", "a\nb\nc\nd\nA"),
        "classes 0, 4 are all called 'a'",
    ),
    "several labels": (write_multilabel, "1 of 6 classes have no image ('yellow'): they count as 0"),
}  # fmt: skip


@pytest.mark.parametrize("kind", SETS)
def test_what_is_told(small: Path, tmp_path: Path, kind: str) -> None:
    write, sentence = SETS[kind]
    write(tmp_path / "set")
    config = load_config(edit(small, evaluation={"benchmarks": [{"name": "mine", "path": str(tmp_path / "set")}]}))
    told = list(remarks(config, "pipeline"))
    if sentence is None:
        assert told == []
    else:
        assert any(sentence in each and each.startswith("the benchmark 'mine': ") for each in told)
    assert list(remarks(config, "train")) == []


def test_what_is_told_of_a_studys_benchmarks(tmp_path: Path) -> None:
    write_classification(tmp_path / "set", FIVE[:2])
    values = yaml.safe_load(study_file("zero-shot", small=True).read_text(encoding="utf-8"))
    values["study"]["benchmarks"] = [{"name": "mine", "path": str(tmp_path / "set")}]
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(values))
    told = list(remarks(load_experiment(tmp_path / "study.yaml"), "study"))
    assert told[0].startswith("the benchmark 'mine': there are only 2 classes, so that acc5 does not exist")


FAULTS: dict[str, tuple[dict[str, object], str]] = {
    "wrong root": ({"evaluation": {"root": "{here}/nowhere", "names": ["cifar10"]}}, "is no folder; give the folder"),
    "no root": ({"evaluation": {"names": ["cifar10"]}}, "which is not given; name the folder of the data sets"),
    "wrong name": ({"evaluation": {"root": "{here}", "names": ["stl10"]}}, "there is no benchmark 'stl10' in"),
    "missing class names": (
        {"evaluation": {"root": "{here}", "names": ["mine"]}}, "the benchmark has no classnames.txt at"
    ),
    "nothing to probe": (
        {"evaluation": {"root": "{here}", "names": ["mine"], "probe": {}}}, "no benchmark has a sub-folder 'train'"
    ),
    "a broken tar": ({"evaluation": {"root": "{here}", "names": ["broken"]}}, "is not a readable tar"),
    "a folder that is no model": (
        {"encoder": {"image_model": "{here}", "text_model": "{here}"}}, "`encoder.image_model`: .* holds no model"
    ),
    "a pickle": ({"training": {"initial": "{here}/model.pt"}}, "`training.initial`: .* is a pickle"),
    "no model below the data": (
        {"screening": {"encoder": {"model": "{here}/broken", "settings": {"encoder": "model"}}, "deduplicate": {}}},
        "`screening.encoder.model`: .* holds 0 checkpoints",
    ),
}  # fmt: skip


def here(value: object, folder: Path) -> object:
    if isinstance(value, dict):
        return {name: here(item, folder) for name, item in value.items()}
    return value.replace("{here}", str(folder)) if isinstance(value, str) else value


@pytest.mark.parametrize("kind", FAULTS)
def test_faults_are_one_sentence_before_work_starts(small: Path, tmp_path: Path, kind: str) -> None:
    changes, sentence = FAULTS[kind]
    folder = tmp_path / "sets"
    write_classification(folder / "wds_mine", FIVE)
    (folder / "wds_mine" / "classnames.txt").unlink()
    write_classification(folder / "broken", FIVE)
    (folder / "broken" / "test" / "0.tar").write_bytes(b"no tar")
    (folder / "model.pt").write_bytes(b"")
    with pytest.raises(InputError, match=sentence):
        config = load_config(edit(small, **{name: here(each, folder) for name, each in changes.items()}))
        require(config, "pipeline")
        list(remarks(config, "pipeline"))
    assert not (small.parent / "store").exists()


def test_gpus_that_no_run_would_take(small: Path) -> None:
    threads = load_config(edit(small, device="cuda"))
    (told,) = idle_devices(threads, 8)
    assert told == (
        "this machine has 8 CUDA devices, and under `runner: threads` every stage run takes the first; `runner: ray` "
        "gives each run its own"
    )
    assert not [*idle_devices(threads, 1), *idle_devices(load_config(edit(small, runner="ray")), 8)]
    ranks = load_config(edit(small, runner="threads", ranks=4))
    assert "takes the first 4;" in next(idle_devices(ranks, 8)) and not list(idle_devices(ranks, 4))

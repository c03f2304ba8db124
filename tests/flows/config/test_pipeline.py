"""Configurations: the examples are valid, and every fault is one sentence that names the field."""

from pathlib import Path

import pytest

from flows.config.pipeline import load_config, load_experiment
from storage.errors import InputError
from tests.flows.conftest import edit
from tests.paths import ROOT

CONFIGS = sorted((ROOT / "configs").glob("*.yaml"))


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.name)
def test_every_example_is_valid(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(path.parents[1])
    assert load_experiment(path).name == path.stem


def sentence(path: Path) -> str:
    with pytest.raises(InputError) as caught:
        load_config(path)
    text = str(caught.value)
    assert "\n" not in text
    return text


def test_a_misspelt_field_is_named_with_the_nearest_one(small: Path) -> None:
    text = sentence(edit(small, balancing={"method": "rake", "targett": {"kind": "uniform"}}))
    assert "balancing.targett" in text and "did you mean `target`" in text


def test_a_bad_value_is_shown(small: Path) -> None:
    assert "not -3" in sentence(edit(small, parallel=-3))


def test_machines_share_the_ranks_equally_on_ray_alone(small: Path) -> None:
    computes = load_config(small).computes()
    over = load_config(edit(small, ranks=4, machines=2, runner="ray"))
    assert over.computes() == computes  # results are not set aside for it
    runtime = over.runtime
    assert (runtime.ranks, runtime.machines, runtime.meeting) == (4, 2, None)
    with pytest.raises(InputError, match="`ranks` is 4, which 3 `machines` cannot share equally"):
        load_config(edit(small, machines=3))
    for runner in ("threads", "processes", "ray_task_runner"):
        with pytest.raises(InputError, match=f"`machines` is 2, and `runner` is {runner}"):
            load_config(edit(small, machines=2, runner=runner))


def test_ranks_reach_the_stages_and_no_experiment_ignores_them(small: Path, tmp_path: Path) -> None:
    assert load_config(edit(small, ranks=4)).runtime.ranks == 4
    pictures = tmp_path / "pictures.yaml"
    pictures.write_text("ranks: 4\nselfsupervised: {}\nsources: [{kind: scenes}]\nprobe: {test: [{kind: scenes}]}\n")
    with pytest.raises(InputError, match="unknown field `ranks`"):
        load_experiment(pictures)


def test_a_missing_file(tmp_path: Path) -> None:
    assert "absent.yaml does not exist" in sentence(tmp_path / "absent.yaml")


@pytest.mark.parametrize("text", ["a: [1", "- a list", "", "\x00"])
def test_what_is_not_a_configuration(tmp_path: Path, text: str) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(text)
    assert str(path) in sentence(path)


def test_yaml_cannot_build_objects(tmp_path: Path) -> None:
    path = tmp_path / "evil.yaml"
    path.write_text("name: !!python/object/apply:os.system ['true']")
    assert "the tag !!python/object/apply:os.system is not taken" in sentence(path)


def test_stages_that_need_each_other(small: Path) -> None:
    assert "need `encoder`" in sentence(edit(small, encoder=None))
    assert "no model to evaluate" in sentence(edit(small, training=None, encoder=None, geometry=None))


@pytest.mark.parametrize(
    ("screening", "words"),
    [
        ({"deduplicate": {}, "encoder": {"model": "trained"}}, "`trained` would be a cycle"),
        ({}, "nothing to look for"),
        ({"deduplicate": {"content": "none", "near": None}}, "no row would repeat another"),
        ({"leakage": {"modality": "text"}}, "set encoder.settings.modality to both"),
        ({"deduplicate": {}, "geometry": {"modality": "text"}}, "the encoder encodes image only"),
        ({"leakage": {}, "benchmarks": [{"name": "shape", "path": "elsewhere"}]}, "two benchmarks are called 'shape'"),
    ],
)
def test_screening_that_cannot_be(small: Path, screening: dict, words: str) -> None:
    assert words in sentence(edit(small, screening=screening))


def test_leaks_of_nothing(small: Path) -> None:
    bare = edit(small, training=None, evaluation=None, encoder=None, geometry=None, screening={"leakage": {}})
    assert "nothing to compare with" in sentence(bare)
    config = load_config(edit(bare, screening={"leakage": {}, "benchmarks": [{"name": "shape"}]}))
    assert [item.name for item in config.benchmarks] == ["shape"]  # curation alone can be screened


def test_a_benchmark_that_nothing_generates(small: Path, tmp_path: Path) -> None:
    source = {"kind": "balance_csv", "name": "titles", "path": str(tmp_path / "titles.csv"), "images": "none"}
    assert "no source of kind `scenes`" in sentence(edit(small, sources=[source]))


def test_the_store_is_set_by_the_config_then_by_the_environment(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EQUIPOISE_STORE", "/elsewhere")
    assert load_config(small).runtime.store == small.parent / "store"
    assert load_config(edit(small, store=None)).runtime.store == Path("/elsewhere")
    monkeypatch.delenv("EQUIPOISE_STORE")
    assert load_config(small).runtime.store == small.parent / "store"

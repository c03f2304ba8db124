"""A study as an experiment: read from its file, and refused where it cannot work."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from flows.config.pipeline import load_config, load_experiment
from flows.config.studies.encoding import EncodedData
from flows.config.studies.plan import StudyPlan
from flows.config.studies.study import CONFIGS, StudyExperiment, study_file
from flows.graph.build import build
from storage.errors import InputError
from tests.flows.graph.recorder import Recorder


def study(**changes: Any) -> dict[str, Any]:
    data = {"sources": [{"kind": "scenes", "rows": 64}], "encoder": {"model": None}}
    return {"kind": "balance-k", "data": data} | changes


def write(folder: Path, values: dict[str, Any]) -> Path:
    path = folder / "mine.yaml"
    path.write_text(yaml.safe_dump({"output": str(folder / "run"), "store": str(folder / "store"), "study": values}))
    return path


@pytest.mark.parametrize("path", sorted(CONFIGS.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_file_of_a_study_is_read_and_says_which_edition_it_is(path: Path) -> None:
    found = load_experiment(path)
    assert isinstance(found, StudyExperiment) and found.name == path.stem
    small = path.stem.endswith("_small")
    assert found.study.settings.edition == ("small" if small else "paper")
    assert path == study_file(found.study.kind, small=small)


def test_features_of_captions_alone_are_not_enough() -> None:
    values = study()["data"] | {"encoder": {"model": None, "settings": {"modality": "text"}}}
    with pytest.raises(ValueError, match="modality to both"):
        EncodedData.model_validate(values)


def test_which_benchmarks_a_study_is_scored_on() -> None:
    assert StudyPlan().scored == []
    for path in CONFIGS.glob("*.yaml"):
        found = load_experiment(path)
        assert isinstance(found, StudyExperiment)
        scored = [item.name for item, split in found.study.scored if split == "test"]
        assert bool(scored) == (found.study.kind in ("zero-shot", "curation", "online")), path


def test_a_study_has_one_verb(tmp_path: Path) -> None:
    found = load_experiment(write(tmp_path, study()))
    assert isinstance(found, StudyExperiment) and found.whole == "study"
    with pytest.raises(InputError, match="no verb curate: it is run whole, by study"):
        build(Recorder(), found, "curate")
    with pytest.raises(InputError, match="is a study, which curates nothing"):
        load_config(tmp_path / "mine.yaml")


def test_studies_that_cannot_work_are_refused(tmp_path: Path) -> None:
    data = study()["data"]
    for values, said in (
        (study(kind="no-such"), "balance-k"),
        (study(data=data | {"encoder": {}}), "nothing is trained before the features"),
        (
            study(data=data | {"encoder": {"settings": {"encoder": "pixels", "modality": "image"}}}),
            "encoded by a model",
        ),
        (study(settings={"half_step": 3}), "half_steps"),
    ):
        with pytest.raises(InputError, match=said):
            load_experiment(write(tmp_path, values))


def test_a_study_that_has_no_file() -> None:
    with pytest.raises(InputError, match="--config FILE"):
        study_file("no-such", small=True)

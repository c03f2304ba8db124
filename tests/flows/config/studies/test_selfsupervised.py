"""Comparisons of self-supervised trainings: their arms, and what is refused when the file is read."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from flows.config.pipeline import load_experiment
from flows.config.studies.selfsupervised import ClusteringPlan, CoefficientsPlan, MethodChoice, TregsSslPlan
from flows.config.studies.study import CONFIGS, StudyExperiment
from flows.config.studies.tregs_cost import CostPlan
from flows.config.studies.tregs_points import PointsPlan
from tasks.training.config import RegulariserConfig
from tasks.training.selfsupervised.config import SelfSupervisedConfig, TeacherConfig

PICTURES = [{"kind": "scenes", "name": "scenes", "rows": 64}]
TRAINING = {"network": "small", "steps": 3, "batch": 16, "side": 16, "hidden": 16, "outputs": 8, "regulariser": {}}


def plan(kind: str, **changes: Any) -> dict[str, Any]:
    return {"kind": kind, "sources": PICTURES, "test": PICTURES, "training": TRAINING, "seeds": [0, 1]} | changes


def small(name: str) -> Any:
    found = load_experiment(CONFIGS / f"{name}_small.yaml")
    assert isinstance(found, StudyExperiment)
    return found.study


def test_every_method_stands_beside_every_regulariser() -> None:
    study = small("tregs-ssl")
    assert isinstance(study, TregsSslPlan)
    arms = study.arms()
    assert len({(arm.group, arm.name) for arm in arms}) == 7 * 4
    for arm in arms:
        assert arm.settings.regulariser.active == (arm.name != "alone")
    byol = next(arm for arm in arms if arm.group == "BYOL" and arm.name == "+ W₂").settings
    assert (byol.method, byol.regulariser.kind, byol.teacher.start, byol.steps) == ("byol", "wasserstein", 0.97, 200)


def test_the_rows_of_the_table_are_the_papers_and_a_hard_sphere() -> None:
    study = small("tregs-coefficients")
    assert isinstance(study, CoefficientsPlan)
    arms = study.arms()
    assert [arm.paper for arm in arms] == [0, 0, 0, 25.7, 45.4, 65.0, 66.1, 63.3, None, None]
    assert arms[6].name == "β 10, γ 0.2, λ 0.0008" and arms[8].name == "β 10, γ 0.2, hard sphere"
    assert arms[8].settings.sphere == "hard" and arms[8].settings.regulariser.lambda_ == 0


def test_clusterings_arms_are_half_steps_and_centring() -> None:
    study = small("clustering")
    assert isinstance(study, ClusteringPlan)
    settings = [arm.settings for arm in study.arms()]
    assert [each.clustering.half_steps for each in settings[:4]] == [0, 1, 2, 6]
    assert settings[4].has_teacher and settings[5].regulariser.active and not settings[0].regulariser.active


@pytest.mark.parametrize(
    ("changes", "message"),
    (
        (
            {"methods": [{"name": "a", "method": "vicreg", "clustering": {"prototypes": 3}}]},
            "belongs to the clustering",
        ),
        ({"methods": [{"name": "a", "method": "byol"}, {"name": "a", "method": "moco"}]}, "two methods are called 'a'"),
        ({"methods": [{"name": "a", "method": "swav"}]}, "swav|Input should be"),
    ),
)
def test_what_cannot_work_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        ClusteringPlan.model_validate(plan("clustering") | changes)


def test_a_choice_changes_what_it_names_and_nothing_else() -> None:
    base = SelfSupervisedConfig.model_validate(TRAINING)
    choice = MethodChoice(name="x", method="byol", beta=2, teacher=TeacherConfig(start=0.5))
    found = choice.applied(base, RegulariserConfig(kind="koleo", weight=0.5))
    changed = {"method": "byol", "beta": 2.0, "teacher": TeacherConfig(start=0.5), "regulariser": found.regulariser}
    assert found == base.model_copy(update=changed) and found.regulariser.kind == "koleo"


def test_costs_need_their_reference(tmp_path: Path) -> None:
    assert isinstance(small("tregs-cost"), CostPlan) and isinstance(small("tregs-points"), PointsPlan)
    with pytest.raises(ValidationError, match="no method is called 'MSE'"):
        CostPlan.model_validate(
            {"kind": "tregs-cost", "training": TRAINING, "methods": [{"name": n, "method": "byol"} for n in "ab"]}
        )


@pytest.mark.parametrize("path", sorted((CONFIGS / "tregs-ssl").glob("*.yaml")), ids=lambda path: path.stem)
def test_the_other_data_sets_of_the_paper(path: Path) -> None:
    found = load_experiment(path)
    assert isinstance(found, StudyExperiment) and isinstance(found.study, TregsSslPlan)
    assert len(found.study.arms()) == 28 and found.study.settings.edition == "paper"
    large = path.stem.startswith("imagenet")
    assert found.study.training.small_stem != large and (found.study.training.views.blur > 0) == large
    assert yaml.safe_load(path.read_text(encoding="utf-8"))["name"] == f"tregs-ssl_{path.stem}"

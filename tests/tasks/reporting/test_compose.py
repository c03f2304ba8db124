"""All sections from the outputs of the stages."""

from pathlib import Path

import pytest

from tasks.checks import Checks
from tasks.reporting.compose import compose
from tasks.reporting.config import Comparison, ReportConfig
from tasks.reporting.inputs.stage_outputs import Screening, Training
from tasks.reporting.report import Report
from tests.tasks.reporting.conftest import Inputs


@pytest.fixture(scope="module")
def made(inputs: Inputs, tmp_path_factory: pytest.TempPathFactory) -> Report:
    work = inputs.workspace(tmp_path_factory.mktemp("work"))
    config = ReportConfig(resamples=200)
    return compose(config, inputs.screening, inputs.curation, inputs.training, inputs.scored, Checks(), work)


def test_every_section_has_its_content(made: Report) -> None:
    assert {(each.variant, each.benchmark) for each in made.scores.summaries} == {
        ("original", "<q>shape</q>"), ("balanced", "<q>shape</q>")
    }  # fmt: skip
    assert [each.rows for each in made.rows.stations] == [43, 40, 36, 36, 30, 46]
    assert made.screening.dropped == 4 and made.geometry.encoder == "<u>a CLIP</u>"
    assert [each.variant for each in made.geometry.rows] == ["original", "balanced"]
    assert len(made.training.rows) == 4 and made.audit.keywords["dead"] == 1
    assert made.convergence.infeasible and made.geometry.density is not None


def test_facts_are_those_of_the_sections(made: Report) -> None:
    facts = {said: value for value, said in made.facts}
    assert facts["rows in the sources"] == "43" and facts["repeats and leaks dropped"] == "4"
    assert facts["effective sample size of the selection"] == "25" and facts["variants × seeds scored"] == "2 × 2"


def test_provenance_names_every_stage_in_the_order_of_the_pipeline(made: Report) -> None:
    assert [record.stage for record in made.provenance.records] == [
        "ingest", "geometry", "leakage", "deduplicate", "drop", "metadata", "match", "balance", "scale", "select",
        "realise", "gather", "concepts", "train", "evaluate",
    ]  # fmt: skip
    assert next(record.runs for record in made.provenance.records if record.stage == "geometry") == 2


def test_comparisons_without_both_variants_are_left_out(inputs: Inputs, tmp_path: Path) -> None:
    config = ReportConfig(
        comparisons=(
            Comparison(variant="absent", reference="original"), Comparison(variant="original", reference="balanced")
        ),
        resamples=200, examples=0, groups=0,
    )  # fmt: skip
    screening = Screening(inputs.pairs)
    made = compose(config, screening, inputs.curation, Training(), inputs.scored, Checks(), inputs.workspace(tmp_path))
    assert [(each.variant, each.reference) for each in made.scores.differences] == [("original", "balanced")]
    assert made.headline.startswith("Original against balanced, over 2 seeds")
    assert [section.id for section in made.sections] == [
        "scores", "recalls", "rows", "screening", "marginals", "convergence", "geometry", "audit", "checks", "reproduce"
    ]  # fmt: skip
    assert set(made.drawings) == {"scores", "differences", "recalls-0", "marginals", "convergence"}

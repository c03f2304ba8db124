"""What a curation would cost, reckoned from rates: in proportion, pass by pass, and never more memory than it takes."""

from dataclasses import replace
from pathlib import Path

import pytest

from flows.config.pipeline import PipelineConfig, load_config
from flows.planning.plan import BASE_MEMORY, FILE_BYTES, passes_of, plan_curation
from flows.planning.rates import HERE, STAGES, reference_rates
from tests.flows.conftest import edit


@pytest.fixture
def config(small: Path) -> PipelineConfig:
    return load_config(small)


def test_time_and_bytes_are_in_proportion_and_memory_is_bounded(config: PipelineConfig) -> None:
    rates = reference_rates()
    one, many = (plan_curation(config, rates, rows=rows) for rows in (10**6, 10**10))
    assert [each.stage for each in one] == list(STAGES)
    for small, large in zip(one, many, strict=True):
        assert large.seconds == pytest.approx(10_000 * small.seconds)
        assert large.written == pytest.approx(10_000 * small.written)
        assert large.memory < BASE_MEMORY + 4 * FILE_BYTES + 1.3e6 * 10  # bins of ids are all that grows
        assert large.extrapolated == 1_000 and small.extrapolated == 0.1


def test_wide_stages_gain_from_parallel_runs_and_the_others_from_workers(config: PipelineConfig) -> None:
    rates = reference_rates()
    alone = {each.stage: each for each in plan_curation(config.model_copy(update={"parallel": 1}), rates, rows=10**7)}
    four = {each.stage: each for each in plan_curation(config.model_copy(update={"parallel": 4}), rates, rows=10**7)}
    assert four["match"].seconds == pytest.approx(alone["match"].seconds / 4)
    assert four["balance"].seconds == alone["balance"].seconds


def test_passes_follow_the_method(small: Path) -> None:
    def solving(balancing: dict) -> int:
        return passes_of(load_config(edit(small, balancing=balancing)))["balance"]

    assert solving({"method": "rake", "steps": ["y"]}) == 5 and solving({"method": "rake", "steps": 10}) == 23
    assert solving({"method": "threshold", "t": 5}) < solving({"method": "threshold", "size": 50})
    assert solving({"method": "calibrate"}) > 100


def test_rows_are_read_to_scale_where_the_limit_of_copies_may_be_reached(small: Path) -> None:
    def scaling(**resampling: object) -> int:
        return passes_of(load_config(edit(small, resampling=resampling)))["scale"]

    assert (scaling(size=50), scaling(method="multinomial", size=50)) == (0, 1)
    assert scaling(method="poisson") < scaling(method="poisson", size=50) == scaling(size=50, most_copies=3)


def test_drawing_all_together_takes_memory_a_row(small: Path) -> None:
    config = load_config(edit(small, resampling={"method": "multinomial"}))
    scale = next(each for each in plan_curation(config, reference_rates(), rows=10**7) if each.stage == "scale")
    assert scale.memory == BASE_MEMORY + 10**9


def test_pictures_are_counted_where_they_are_copied_and_the_rates_have_none(config: PipelineConfig) -> None:
    rates = reference_rates()
    bare, held = (plan_curation(config, rates, rows=10**6, image_bytes=size) for size in (0.0, 100_000.0))
    grown = [new.stage for old, new in zip(bare, held, strict=True) if new.seconds > old.seconds]
    assert grown == ["ingest", "scatter", "gather"]
    for old, new in zip(bare, held, strict=True):
        assert new.written - old.written == (10**11 if new.stage in grown else 0)
    here = {stage: replace(rate, where=HERE) for stage, rate in rates.items()}
    again = plan_curation(config, here, rows=10**6, image_bytes=100_000.0)
    assert [each.seconds for each in again] == [each.seconds for each in bare]
    assert again[0].memory == held[0].memory > bare[0].memory

"""Rates from a store's own manifests."""

from datetime import UTC, datetime

import pytest

from flows.planning.rates import LEAST_ROWS, STAGES, measured_rates, newest_curation, reference_rates
from storage.record.manifest import FileRef, Manifest, Parent


def made(stage: str, key: str, rows: int, size: int, seconds: float, *parents: Manifest) -> Manifest:
    return Manifest(
        stage=stage,
        key=key,
        digest=key,
        files=(FileRef(path="a.parquet", bytes=size, rows=rows, hash="x"),),
        parents=tuple(Parent(argument="a", stage=each.stage, key=each.key, digest=each.digest) for each in parents),
        code="c",
        seconds=seconds,
        created=datetime.now(UTC),
    )


def test_a_rate_is_seconds_and_bytes_a_row_and_a_pass() -> None:
    pairs = [made("ingest", f"i{k}", 100_000, 5_000_000, 2.0) for k in range(2)]
    matches = [made("match", f"m{k}", 100_000, 3_000_000, 1.0, pairs[k]) for k in range(2)]
    balance = made("balance", "b", 40, 1_000, 3.0, *matches)
    realised = made("realise", "r", 40, 1_000, 0.1, balance)
    rates = measured_rates([*pairs, *matches, balance, realised], {"balance": 5})
    assert set(rates) == {"ingest", "match", "balance", "realise"}
    assert rates["ingest"].seconds == pytest.approx(2e-5) and rates["ingest"].written == 50
    assert rates["match"].read == 50 and rates["match"].written == 30 and rates["match"].rows == 200_000
    assert rates["balance"].seconds == pytest.approx(3e-6) and rates["balance"].read == 30


def test_of_two_curations_in_one_store_the_newest_is_measured() -> None:
    def curation(mark: str, rows: int, seconds: float) -> list[Manifest]:
        pairs = made("ingest", f"i{mark}", rows, 1, seconds)
        survey = made("survey", f"s{mark}", 1, 1, 1.0, pairs)
        balance = made("balance", f"b{mark}", 1, 1, 1.0, pairs)
        realised = made("realise", f"r{mark}", 1, 1, 1.0, balance)
        return [pairs, survey, balance, realised, made("gather", f"g{mark}", rows, 1, 1.0, realised, pairs)]

    old, new = curation("old", 900_000, 90.0), curation("new", 100_000, 1.0)
    assert newest_curation([*old, *new]) == new
    rates = measured_rates([*old, *new], {})
    assert rates["ingest"].rows == 100_000 and rates["ingest"].seconds == pytest.approx(1e-5)


def test_few_rows_measure_nothing() -> None:
    few = made("ingest", "i", LEAST_ROWS - 1, 1, 1.0)
    assert measured_rates([few, made("realise", "r", 1, 1, 1.0, few)], {}) == {}
    assert measured_rates([], {}) == {}


def test_every_stage_has_a_reference() -> None:
    assert set(reference_rates()) == set(STAGES)

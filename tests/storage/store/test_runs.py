"""The book of runs: which run made which output."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from storage.store.runs import RUNS, RunRecord, Use, makers, new_id, runs, write_run

START = datetime(2026, 1, 1, 12, tzinfo=UTC)


def record(minute: int, experiment: str, **states: str) -> RunRecord:
    moment = START + timedelta(minutes=minute)
    used = tuple(Use(label=key, stage="s", key=key, digest="d", state=state) for key, state in states.items())  # type: ignore[arg-type]
    return RunRecord(
        id=new_id(moment), experiment=experiment, verb="curate", folder=Path("/x"), ended=moment, uses=used
    )


def test_runs_come_newest_first_and_unreadable_ones_are_passed_over(tmp_path: Path) -> None:
    entries = [record(2, "b", k="ran"), record(1, "a", k="cached")]
    for each in entries:
        write_run(tmp_path, each)
    (tmp_path / RUNS / "20260101T120300-broken.json").write_text("{")
    assert list(runs(tmp_path)) == entries and list(runs(tmp_path / "nowhere")) == []


def test_the_maker_is_the_newest_run_that_computed(tmp_path: Path) -> None:
    first, second, third = record(1, "a", k="ran", m="ran"), record(2, "b", k="ran"), record(3, "c", k="cached")
    for each in (first, second, third):
        write_run(tmp_path, each)
    assert makers(tmp_path) == {"k": second, "m": first}
    assert second.words == "b curate, 2026-01-01 12:02"


def test_runs_that_made_nothing_are_not_parsed_for_makers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = record(1, "a", k="ran")
    for each in (made, *(record(minute, "a", k="cached") for minute in range(2, 9))):
        write_run(tmp_path, each)
    parsed: list[bytes] = []
    parse = RunRecord.model_validate_json
    monkeypatch.setattr(RunRecord, "model_validate_json", lambda content: parsed.append(content) or parse(content))
    assert makers(tmp_path) == {"k": made} and len(parsed) == 1


def test_two_runs_of_one_moment_do_not_meet() -> None:
    assert len({new_id(START) for _ in range(50)}) == 50

"""All faults of a configuration at once, each in the field's words and at its line."""

from pathlib import Path

import pytest

from flows.config.pipeline import load_config
from storage.errors import InputError

BASE = """sources: [{kind: scenes, rows: 240}]
metadata: {sources: [{kind: entries, entries: [red, blue]}]}
"""


def faults(tmp_path: Path, text: str) -> list[str]:
    path = tmp_path / "a.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        load_config(path)
    first, *others = str(caught.value).splitlines()
    return [line.strip() for line in others] or [first.removeprefix(f"{path}, ")]


def test_all_are_told_at_once(tmp_path: Path) -> None:
    text = """sources:
  - kind: scenes
    rows: true
    rowz: 4
metadata: {sources: [{kind: entrie, entries: [a]}]}
balancing: {method: rake, steps: [z]}
parallel: -3
device: 7
training: {seeds: [0, 1.5]}
encoder: {model: [1]}
geometry: yes
"""
    found = faults(tmp_path, text)
    assert found.pop(2).startswith("line 5: `metadata.sources[0].kind` is entries, json, text, ")
    assert found == [
        "line 3: `sources[0].rows` needs a whole number, not true",
        "line 4: unknown field `sources[0].rowz`; did you mean `rows`?",
        "line 6: `balancing.steps[0]` needs x or y, not 'z'",
        "line 7: `parallel` needs at least 1, not -3",
        "line 8: `device` needs text, not 7",
        "line 9: `training.seeds[1]` needs a whole number, not 1.5",
        "line 10: `encoder.model` needs trained or a path, not a list",
        "line 11: `geometry` needs a section with fields of its own, not 'yes'",
    ]


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("balancing: {method: threshold, t: .inf}", "`balancing.t` needs a finite number, not inf"),
        ("balancing: {method: threshold, t: .nan}", "`balancing.t` needs a finite number, not nan"),
        ("balancing: {method: threshold, t: true}", "`balancing.t` needs a number, not true"),
        ("balancing: {method: calibrate, size: '20'}", "`balancing.size` needs a whole number, not '20'"),
        ("balancing: {target: {kind: capped}}", "`balancing` needs `method`, which says what it is"),
        ("balancing: null", "`balancing` needs a section with fields of its own, not null"),
        ("resampling: {method: poison}", "`resampling.method` needs poisson, residual, multinomial or systematic, "
                                         "not 'poison'; did you mean `poisson`?"),
        ("training: {seeds: []}", "`training.seeds` needs at least 1 value, not an empty list"),
        ("workers: 0", "`workers` needs at least 1, not 0"),
        ("name: ..", "`name` needs letters, digits, `_`, `-` and `.`, and neither of the last two first, not '..'"),
        ("name: '[red]x'", "`name` needs letters, digits, `_`, `-` and `.`, and neither of the last two first, "
                           "not '[red]x'"),
        ("geometry: {}", "geometry and training.heads need `encoder`"),
    ],
)  # fmt: skip
def test_one_is_one_sentence(tmp_path: Path, line: str, fault: str) -> None:
    (told,) = faults(tmp_path, f"{BASE}{line}\n")
    assert told == f"line {1 if line == 'geometry: {}' else 3}: {fault}"


def test_what_is_missing_is_said_with_what_it_is_for(tmp_path: Path) -> None:
    assert faults(tmp_path, "name: x\n") == [
        "line 1: `sources` is missing: what to ingest", "line 1: `metadata` is missing: the keyword list"
    ]  # fmt: skip


def test_a_long_value_is_cut(tmp_path: Path) -> None:
    (told,) = faults(tmp_path, f"{BASE}parallel: {'x' * 500}\n")
    assert len(told) < 150 and told.endswith("…")

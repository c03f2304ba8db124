"""All faults of a configuration at once, each in the field's words and at its line."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import pytest
from pydantic import BaseModel, BeforeValidator, PlainValidator

from flows.config.faults import _FORMS
from flows.config.pipeline import PipelineConfig, load_config
from flows.config.selfsupervised import SelfSupervisedExperiment
from flows.config.studies.study import StudyExperiment
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
        ("device: gpu", "`device` needs auto, cpu, cuda, cuda:1 (or another number) or mps, not 'gpu'"),
        ("encoder: {model: ''}", "`encoder.model`: a path is empty; name a file or a folder (. is the working folder)"),
        ("encoder: {model: hf://a/b}", "`encoder.model`: hf://a/b is a URL, and this must be a path of this machine"),
        ("balancing: {method: rake, target: {kind: file, path: ' '}}",
         "`balancing.target`: a path is empty; name a file or a folder (. is the working folder)"),
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


def models(*kinds: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """These configurations and all sections of theirs, each once."""
    waiting, seen = list(kinds), set[type[BaseModel]]()
    while waiting:
        kind = waiting.pop()
        if kind in seen:
            continue
        seen.add(kind)
        yield kind
        parts = list(get_type_hints(kind, include_extras=True).values())
        while parts:
            part = parts.pop()
            parts += get_args(part)
            if isinstance(part, type) and issubclass(part, BaseModel):
                waiting.append(part)


EVERYTHING = list(models(PipelineConfig, SelfSupervisedExperiment, StudyExperiment))


def test_a_pattern_is_told_in_words() -> None:
    patterns = {
        constraint.pattern
        for kind in EVERYTHING
        for field in kind.model_fields.values()
        for constraint in field.metadata
        if isinstance(getattr(constraint, "pattern", None), str)
    }
    assert len(patterns) >= 5
    assert patterns <= set(_FORMS)


def bare(annotation: Any) -> bool:
    """Whether a type takes a path as it is: an empty text for the working folder, and `~` for a folder's name."""
    if get_origin(annotation) is Annotated and get_args(annotation)[0] is Path:
        return not any(isinstance(mark, BeforeValidator | PlainValidator) for mark in annotation.__metadata__)
    return annotation is Path or any(bare(part) for part in get_args(annotation))


def test_every_path_is_read_as_a_person_means_it() -> None:
    assert bare(Path | None) and len(EVERYTHING) > 40
    fields = [
        (kind.__name__, name)
        for kind in EVERYTHING
        for name, hint in get_type_hints(kind, include_extras=True).items()
        if name in kind.model_fields and bare(hint)
    ]
    assert not fields

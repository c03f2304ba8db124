"""Cache keys: equal for equal meaning, different for anything else, refused where there is no one spelling."""

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field

from storage.config import Config, NotInKey
from storage.record.keys import canonical, key_parts
from storage.record.manifest import External, Manifest
from tests.paths import ROOT

scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
values = st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8)


class Local(Config):
    kind: Literal["local"] = "local"
    path: Annotated[Path | None, NotInKey()] = None
    other: Annotated[Path, NotInKey()] | None = None
    rows: int = 1


class Remote(Config):
    kind: Literal["remote"] = "remote"
    rows: int = 1
    threads: Annotated[int, NotInKey(), Field(ge=1)] = 1


class Outer(Config):
    sources: tuple[Annotated[Local | Remote, Field(discriminator="kind")], ...]
    weights: dict[str, float] = Field(default_factory=dict)


def manifest(digest: str = "d", key: str = "k") -> Manifest:
    return Manifest(stage="s", key=key, digest=digest, files=(), code="", created=datetime.now(UTC))


def key(**arguments: object) -> str:
    return key_parts("stage", 1, "code", arguments).key


@given(st.dictionaries(st.text(), values, max_size=5))
def test_order_of_names_does_not_count(mapping: dict[str, object]) -> None:
    assert key(value=mapping) == key(value=dict(reversed(mapping.items())))


@given(st.lists(values, max_size=5))
def test_tuples_are_lists(items: list[object]) -> None:
    assert key(value=items) == key(value=tuple(items))


@given(values, values)
def test_keys_tell_values_apart(one: object, other: object) -> None:
    assert (key(value=one) == key(value=other)) == (repr(canonical(one, "")) == repr(canonical(other, ""))) or (
        one == other
    )


@pytest.mark.parametrize(
    ("one", "other"),
    [(1, 1.0), (1, True), (0, False), ("1", 1), (None, ""), ([], {}), ([1, 2], [2, 1]), ([[1], 2], [1, [2]])],
)
def test_near_misses(one: object, other: object) -> None:
    assert key(value=one) != key(value=other)


@pytest.mark.parametrize(
    "value",
    [
        {1, 2},
        frozenset(),
        Path("a"),
        np.float32(1),
        np.int64(1),
        np.zeros(2),
        b"x",
        object(),
        float("nan"),
        float("inf"),
        {1: 2},
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_has_no_canonical_form_is_refused(value: object) -> None:
    with pytest.raises(TypeError, match=r"value\[0\]\.inner"):
        key(value=[{"inner": value}])


def test_path_hint() -> None:
    with pytest.raises(TypeError, match="pass an External, or mark the field NotInKey"):
        key(path=Path("x"))


def test_marked_fields_stay_out_wherever_they_are() -> None:
    plain = Outer(sources=(Local(), Remote()))
    marked = Outer(sources=(Local(path=Path("a"), other=Path("b")), Remote(threads=8)))
    assert key(config=plain) == key(config=marked)
    assert key(config=plain) != key(config=Outer(sources=(Local(rows=2), Remote())))
    assert key(config=plain) != key(config=Outer(sources=(Remote(), Local())))


def test_members_of_a_union_differ_by_kind() -> None:
    assert key(config=Outer(sources=(Local(),))) != key(config=Outer(sources=(Remote(),)))


def test_manifests_enter_by_digest_and_externals_by_content() -> None:
    assert key(input=manifest(key="a")) == key(input=manifest(key="b"))
    assert key(input=manifest("a")) != key(input=manifest("b"))
    assert key(file=External(path=Path("a"), fingerprint="f")) == key(file=External(path=Path("b"), fingerprint="f"))
    assert key(file=External(path=Path("a"), fingerprint="f")) != key(file=External(path=Path("a"), fingerprint="g"))


def test_parents_are_named_by_argument() -> None:
    external = External(path=Path("a"), fingerprint="f")
    parts = key_parts("s", 1, "c", {"one": manifest(), "many": [manifest("x"), external], "none": None})
    assert [(parent.argument, parent.digest) for parent in parts.parents] == [
        ("one", "d"),
        ("many[0]", "x"),
        ("many[1]", "f"),
    ]


def test_stage_version_and_code_count() -> None:
    base = key_parts("a", 1, "c", {}).key
    assert (
        len({base, key_parts("b", 1, "c", {}).key, key_parts("a", 2, "c", {}).key, key_parts("a", 1, "d", {}).key}) == 4
    )


def test_key_is_the_same_in_every_process() -> None:
    arguments = "{'b': [1.5, 'é', None], 'a': {'y': 1, 'x': 2}}"
    program = f"from storage.record.keys import key_parts; print(key_parts('s', 1, 'c', {arguments}).key)"
    found = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={"PYTHONHASHSEED": seed},
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for seed in ("1", "2")
    }
    assert found == {key_parts("s", 1, "c", {"a": {"x": 2, "y": 1}, "b": (1.5, "é", None)}).key}

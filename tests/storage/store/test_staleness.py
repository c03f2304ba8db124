"""Reasons: which part of the key differs from the nearest run on record."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest
from pydantic import JsonValue

from storage.record.keys import KeyParts, key_parts
from storage.record.manifest import External, Manifest
from storage.store import staleness
from storage.store.staleness import Earlier, Made, reasons
from storage.store.store import Store
from storage.store.workspace import Runtime
from tests.storage.stages import CountConfig, Log, count, parity


@pytest.fixture
def store(runtime: Runtime) -> Store:
    return Store(runtime.store)


def publish(store: Store, parts: KeyParts) -> None:
    output = store.begin(parts.key)
    manifest = Manifest(
        stage=parts.stage,
        key=parts.key,
        digest="d",
        files=(),
        parents=parts.parents,
        parameters=parts.arguments,
        version=parts.version,
        code=parts.code,
        created=datetime.now(UTC),
    )
    store.publish(output, manifest)


def parts(code: str = "c", version: int = 1, **arguments: object) -> KeyParts:
    return key_parts("stage", version, code, arguments)


def parent(digest: str) -> Manifest:
    return Manifest(stage="s", key=digest, digest=digest, files=(), code="", created=datetime.now(UTC))


def test_never_run_then_cached_then_missing(runtime: Runtime, store: Store) -> None:
    config = CountConfig(rows=3)
    assert reasons(count.parts(config), store) == ("never run",)
    manifest = count.run(config, runtime=runtime)
    assert reasons(count.parts(config), store) == ()
    (store.directory("count", manifest.key) / "numbers-00000.parquet").unlink()
    assert reasons(count.parts(config), store) == (f"count/{manifest.key}/numbers-00000.parquet is missing",)


def test_a_run_that_is_like_no_other_is_compared_with_none(store: Store) -> None:
    publish(store, parts(**{f"name{number}": 1 for number in range(30)}))
    some = {f"name{number}": 1 if number > 7 else 2 for number in range(30)}
    assert len(reasons(parts(**some), store)) == 8
    assert reasons(parts(**(some | {"name29": 2})), store) == ("never run with settings like these",)
    many = [parent(f"{number}") for number in range(20)]  # inputs that changed say that something before it did
    publish(store, parts(code="d", inputs=many))
    found = reasons(parts(code="d", inputs=[parent(f"x{number}") for number in range(20)]), store)
    assert len(found) == 20 and found[0].startswith("input ")


def test_changed_parameter_and_input(runtime: Runtime, store: Store) -> None:
    first = count.run(CountConfig(rows=3), runtime=runtime)
    assert reasons(count.parts(CountConfig(rows=5)), store) == ("parameter config.rows 3 → 5",)
    parity.run(first, Log(), runtime=runtime)
    other = count.run(CountConfig(rows=5), runtime=runtime)
    assert reasons(parity.parts(other, Log()), store) == ("input numbers changed",)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ({"version": 2}, ("version 1 → 2",)),
        ({"code": "e"}, ("code changed",)),
        ({"files": External(path=Path("a"), fingerprint="g")}, ("source files changed",)),
        ({"inputs": [parent("x"), parent("z")]}, ("input inputs[1] changed",)),
        ({"inputs": [parent("x"), parent("y"), parent("z")]}, ("input inputs[2] changed",)),
        ({"target": {"t": 20, "tail": None}}, ("parameter target.tail (absent) → None",)),
        ({"target": {"t": 50}}, ("parameter target.t 20 → 50",)),
    ],
)
def test_each_part(tmp_path: Path, now: dict[str, object], expected: tuple[str, ...]) -> None:
    base: dict[str, object] = {
        "files": External(path=Path("a"), fingerprint="f"),
        "inputs": [parent("x"), parent("y")],
        "target": {"t": 20},
    }
    publish(Store(tmp_path), parts(**base))  # type: ignore[arg-type]
    assert reasons(parts(**(base | now)), Store(tmp_path)) == expected  # type: ignore[arg-type]


def test_nearest_run_explains(tmp_path: Path) -> None:
    store = Store(tmp_path)
    publish(store, parts(a=1, b=1))
    publish(store, parts(a=2, b=2, code="e"))
    assert reasons(parts(a=1, b=3), store) == ("parameter b 1 → 3",)


def test_of_equals_the_newest_explains(tmp_path: Path) -> None:
    store = Store(tmp_path)
    publish(store, parts(a=1, b=1))
    publish(store, parts(a=1, b=2))
    assert reasons(parts(a=1, b=3), store) == ("parameter b 2 → 3",)


def test_where_an_input_was_made_is_no_difference(tmp_path: Path) -> None:
    store = Store(tmp_path)
    publish(store, parts(a=1, one=parent("x")))
    publish(store, parts(a=2, one=parent("x").model_copy(update={"stage": "other"})))
    assert reasons(parts(a=2, one=parent("x"), b=0), store) == ("parameter b (absent) → 0",)


def test_a_file_that_no_run_has_read_is_new(tmp_path: Path) -> None:
    store = Store(tmp_path)

    def of(*names: str, longest: int = 10, content: str = "") -> KeyParts:
        files = [External(path=Path(name), fingerprint=content or name) for name in names]
        return parts(config={"longest": longest}, group={"files": list(names), "index": 0, "of": 1}, files=files)

    publish(store, of("a.parquet"))
    publish(store, of("b.parquet"))
    assert reasons(of("c.parquet"), store) == ("file c.parquet is new",)
    both = ("file c.parquet is new", "parameter config.longest 10 → 20")
    assert reasons(of("c.parquet", longest=20), store) == both
    assert reasons(of("a.parquet", longest=20), store) == ("parameter config.longest 10 → 20",)
    assert reasons(of("b.parquet", "c.parquet", "d.parquet"), store) == ("files c.parquet, d.parquet are new",)
    assert reasons(of(*"vwxyz"), store) == ("files v, w, x and 2 more are new",)
    assert reasons(of("a.parquet", content="other"), store) == ("source files[0] changed",)
    publish(store, parts(files=["a"], size=1))
    assert reasons(parts(files=["b"], size=2), store) == ("file b is new", "parameter size 1 → 2")


def test_the_runs_of_a_stage_are_read_once_and_later_ones_do_not_count(tmp_path: Path) -> None:
    store = Store(tmp_path)
    publish(store, parts(a=1))
    earlier = Earlier(store, before=datetime.now(UTC))
    publish(store, parts(a=2))
    assert reasons(parts(a=3), store) == ("parameter a 2 → 3",)
    assert reasons(parts(a=3), store, earlier) == ("parameter a 1 → 3",)
    shutil.rmtree(tmp_path / "stage")
    assert reasons(parts(a=3), store) == ("never run",)
    assert reasons(parts(a=4), store, earlier) == ("parameter a 1 → 4",)
    assert reasons(parts(a=4), store, Earlier(store, before=datetime.now(UTC))) == ("never run",)


def earlier_of(made: list[Made]) -> Earlier:
    """What a store of one stage's runs, oldest first, is asked for."""

    class Held(Store):
        def manifests(self, stage: str | None = None) -> Iterator[Manifest]:
            for each in made:
                yield Manifest(
                    stage="stage", key="", digest="", files=(), parameters=each.arguments, version=each.version,
                    code=each.code, created=datetime.now(UTC),
                )  # fmt: skip

    return Earlier(Held(Path()))


def test_the_nearest_is_that_of_comparing_all() -> None:
    random = Random(7)

    def drawn() -> Made:
        names = random.sample("abcdef", random.randint(1, 6))
        return Made(random.randint(1, 2), random.choice("xy"), {name: random.randint(1, 4) for name in names})

    def places(made: Made) -> set[tuple[str, JsonValue]]:
        return {*made.arguments.items(), ("version", made.version), ("code", made.code)}

    for _ in range(40):
        made = [drawn() for _ in range(random.randint(1, 30))]
        earlier = earlier_of(made)
        for now in (drawn() for _ in range(30)):
            counts = [len({name for name, _ in places(each) ^ places(now)}) for each in made]
            newest = max(number for number, count in enumerate(counts) if count == min(counts))
            assert earlier.nearest("stage", now) == made[newest]


@pytest.mark.parametrize(
    ("before", "now"),
    [
        ({}, {"t": 50}),  # a parameter changed
        ({"x": 1, "y": 2}, {"code": "d"}),  # code changed, and had other parameters
        ({}, {"shift": 400}),  # groups of new rows
    ],
)
def test_each_of_many_runs_is_compared_with_few(
    before: dict[str, JsonValue], now: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    compared = []
    differing = staleness._differing
    monkeypatch.setattr(staleness, "_differing", lambda *two: compared.append(1) or differing(*two))
    settings: dict[str, JsonValue] = {"t": 20, "u": 1, "v": 2}
    groups = 400
    earlier = earlier_of([Made(1, "c", settings | before | {"rows": group}) for group in range(groups)])
    changed = {name: value for name, value in now.items() if name == "t"}
    shift, code = now.get("shift", 0), now.get("code", "c")
    for group in range(groups):
        found = earlier.nearest("stage", Made(1, code, settings | changed | {"rows": group + shift}))
        assert found is not None and found.arguments["rows"] == (groups - 1 if shift else group)
    assert len(compared) <= groups

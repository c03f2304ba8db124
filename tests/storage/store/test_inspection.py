"""Inspecting a store: everything altered is found, and everything that was made of it."""

from pathlib import Path

import pytest

from storage.record.manifest import Manifest
from storage.store.inspection import descendants, inspect
from storage.store.store import MANIFEST, Store
from storage.store.workspace import Runtime
from tests.storage.stages import CountConfig, Log, count, parity, total


@pytest.fixture
def made(runtime: Runtime) -> dict[str, Manifest]:
    """Two counts; the parity of the first, and the total of that parity and the second."""
    first = count.run(CountConfig(rows=5), runtime=runtime)
    second = count.run(CountConfig(rows=6), runtime=runtime)
    odd = parity.run(first, Log(), runtime=runtime)
    summed = total.run([odd, second], Log(), runtime=runtime)
    return {"first": first, "second": second, "parity": odd, "total": summed}


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def test_a_sound_store(runtime: Runtime, made: dict[str, Manifest]) -> None:
    sizes: list[int] = []
    found = inspect(Store(runtime.store), sizes.append)
    assert (found.outputs, found.files, found.bytes) == (4, 6, sum(each.bytes for each in made.values()))
    assert found.faults == found.damaged == found.descendants == found.strangers == found.earlier == ()
    assert sum(sizes) == found.bytes


@pytest.mark.parametrize(
    ("damaged", "children"), [("first", {"parity", "total"}), ("second", {"total"}), ("total", set())]
)
def test_an_altered_file_takes_its_descendants(
    runtime: Runtime, made: dict[str, Manifest], damaged: str, children: set[str]
) -> None:
    store, output = Store(runtime.store), made[damaged]
    flip(store.directory(output.stage, output.key) / output.files[0].path)
    found = inspect(store)
    assert found.damaged == (output.name,) and "was altered" in found.faults[0]
    assert set(found.descendants) == {made[name].name for name in children}


def test_a_missing_file_takes_nobody_with_it(runtime: Runtime, made: dict[str, Manifest]) -> None:
    """It could not be read, so nothing wrong was made of it."""
    store, output = Store(runtime.store), made["first"]
    (store.directory(output.stage, output.key) / output.files[0].path).unlink()
    found = inspect(store)
    assert found.damaged == (output.name,) and found.descendants == ()


def test_an_altered_manifest_is_a_fault_with_descendants(runtime: Runtime, made: dict[str, Manifest]) -> None:
    store, output = Store(runtime.store), made["first"]
    path = store.directory(output.stage, output.key) / MANIFEST
    path.write_text(path.read_text().replace('"rows": 5', '"rows": 7'))
    found = inspect(store)
    assert found.damaged == (output.name,) and "does not agree with its own seal" in found.faults[0]
    assert set(found.descendants) == {made["parity"].name, made["total"].name}


def test_manifests_of_an_earlier_version_are_no_faults(runtime: Runtime, made: dict[str, Manifest]) -> None:
    store, output = Store(runtime.store), made["first"]
    (store.directory(output.stage, output.key) / MANIFEST).write_text(output.model_dump_json())
    found = inspect(store)
    assert found.faults == () and found.earlier == (output.name,)
    assert store.find(output.stage, output.key) is None


def test_strangers_are_named(runtime: Runtime, made: dict[str, Manifest]) -> None:
    store, output = Store(runtime.store), made["first"]
    (store.directory(output.stage, output.key) / "numbers-00009.parquet").write_bytes(b"stray")
    found = inspect(store)
    assert found.strangers == (f"{output.name}/numbers-00009.parquet",) and found.faults == ()


def test_descendants_whatever_the_order(runtime: Runtime, made: dict[str, Manifest]) -> None:
    listed = list(made.values())
    assert set(descendants(listed[::-1], [made["first"].name])) == {made["parity"].name, made["total"].name}

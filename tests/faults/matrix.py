"""The table of faults: what is done to a run or its store, and what must hold. `docs/faults_tried.md` is made of it."""

import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

from storage.store.inspection import inspect
from storage.store.store import LOCKS, MANIFEST, SCRATCH, TEMPORARY
from tests.disks import remount, small_disk
from tests.faults.child import POINTS, ClockSetBack, SignalAt, Slowly
from tests.faults.place import Ended, Place

STAGES = ("ingest", "survey", "benchmark", "benchmark_images", "deduplicate", "leakage", "drop", "metadata", "match",
          "balance", "scale", "select", "realise", "scatter", "gather", "subsample", "thin", "train", "finetune",
          "train_heads", "embed", "geometry", "concepts", "encode_benchmark", "evaluate",
          "evaluate_heads", "report")  # fmt: skip


@dataclass(frozen=True)
class Fault:
    """One fault.

    Attributes:
        kind: the section of the page.
        name: what is done, in words.
        outcome: what must hold, in words.
        check: does it to a copy of a place where all had run, and asserts it; is given how the undisturbed run ended.
        where: of a kill its stage and point, which the page lists in one row.
    """

    kind: str
    name: str
    outcome: str
    check: Callable[[Place, Ended], None]
    where: tuple[str, str] | None = None


def settles(place: Place, undisturbed: Ended) -> Ended:
    """The next run does well and ends in the digests of the undisturbed one; it is returned."""
    again = place.run()
    assert (again.status, again.error) == (0, ""), again.error
    assert again.digests == undisturbed.digests
    left = [path for name in (SCRATCH,) for path in (place.store.root / name).glob("*")]
    assert not left  # finished checkpoints are gone; unfinished output and the locks of killed runs are `gc`'s
    return again


def flip(path: Path, share: float = 0.5) -> None:
    """Turn one bit of a file, and leave its size and its times as they are."""
    state = path.stat()
    content = bytearray(path.read_bytes())
    content[int(len(content) * share)] ^= 1
    path.write_bytes(content)
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))


def page_of(path: Path, column: str = "") -> float:
    """A place within a page of a Parquet file, of the column or else the largest one, as a share of the file's size."""
    footer = pq.read_metadata(path)
    columns = [footer.row_group(0).column(index) for index in range(footer.num_columns)]
    columns = [each for each in columns if column in ("", each.path_in_schema)]
    largest = max(columns, key=lambda column: column.total_compressed_size)
    return (largest.data_page_offset + largest.total_compressed_size - 2) / path.stat().st_size


def kills() -> Iterator[Fault]:
    """SIGKILL in every stage, at four points."""
    for stage in STAGES:
        for point in POINTS:

            def check(place: Place, undisturbed: Ended, stage: str = stage, point: str = point) -> None:
                place.forget(stage)
                assert place.run(SignalAt(stage, point, signal.SIGKILL)).status == -signal.SIGKILL
                settles(place, undisturbed)

            where = (stage, point)
            yield Fault("Kills", f"SIGKILL in {stage}: {point}", "a rerun ends in the same digests", check, where)


def signals() -> Iterator[Fault]:
    """What a person or a scheduler sends."""
    for number in (signal.SIGTERM, signal.SIGINT):

        def check(place: Place, undisturbed: Ended, number: signal.Signals = number) -> None:
            place.forget("train")
            process, _ = place.start(Slowly("train", 30.0))
            waiting = time.monotonic()
            while not list((place.store.root / LOCKS).glob("*")):
                assert time.monotonic() - waiting < 120
                time.sleep(0.05)
            os.kill(process.pid, number)
            process.join(20)
            assert not process.is_alive() and process.exitcode != 0
            settles(place, undisturbed)

        yield Fault("Signals", f"{number.name} while a training runs", "it ends within seconds; a rerun does it", check)


def damages() -> Iterator[Fault]:
    """What happens to files of the store."""

    def deleted(place: Place, undisturbed: Ended) -> None:
        place.files("match", "matches-*.parquet")[0].unlink()
        assert len(settles(place, undisturbed).ran) == 1

    def truncated(place: Place, undisturbed: Ended) -> None:
        path = place.files("gather", "curated-*.parquet")[0]
        path.write_bytes(path.read_bytes()[:-9])
        assert len(settles(place, undisturbed).ran) == 1

    def flipped(place: Place, undisturbed: Ended) -> None:
        path = place.files("ingest", "pairs-*.parquet")[0]
        place.forget("match")
        flip(path, page_of(path, "caption"))  # a column that matching reads
        refused = place.run()
        assert refused.status == 1 and path.name in refused.error and "verify CONFIG --discard" in refused.error
        discard(place)
        settles(place, undisturbed)

    def model(place: Place, undisturbed: Ended) -> None:
        (path,) = place.files("train", "*.safetensors")
        place.forget("evaluate")
        flip(path)
        refused = place.run()
        assert refused.status == 1 and "was altered since it was written" in refused.error
        discard(place)
        settles(place, undisturbed)

    def descendants(place: Place, undisturbed: Ended) -> None:
        output = place.outputs("match")[0]
        path = place.files("match", "matches-*.parquet")[0]
        flip(path, page_of(path))
        found = inspect(place.store)
        assert found.damaged == (output.name,)
        assert {name.partition("/")[0] for name in found.descendants} >= {"balance", "select", "gather", "report"}
        discard(place)
        settles(place, undisturbed)

    def manifest(place: Place, undisturbed: Ended) -> None:
        output = place.outputs("balance")[0]
        path = place.store.directory(output.stage, output.key) / MANIFEST
        path.write_text(path.read_text().replace('"seconds": ', '"seconds": 1'))
        assert settles(place, undisturbed).ran

    def stranger(place: Place, undisturbed: Ended) -> None:
        path = place.files("match", "matches-*.parquet")[0]
        shutil.copy(path, path.with_name("matches-00077.parquet"))
        place.forget("balance")
        settles(place, undisturbed)
        assert len(inspect(place.store).strangers) == 1

    def locks(place: Place, undisturbed: Ended) -> None:
        (place.store.root / LOCKS).mkdir(exist_ok=True)
        for output in place.outputs("match"):
            (place.store.root / LOCKS / output.key).write_text("process 1 of nobody on nowhere")
        place.forget("match")
        again = place.run()
        assert (again.status, again.digests) == (0, undisturbed.digests)

    rebuilt = "that output is computed again, and nothing else"
    yield Fault("Damage", "a shard is deleted", rebuilt, deleted)
    yield Fault("Damage", "a shard is cut short", rebuilt, truncated)
    refused = "whoever reads it refuses it and says what to do; after `verify --discard` all is as before"
    yield Fault("Damage", "a bit of a shard is flipped, and its times put back", refused, flipped)
    yield Fault("Damage", "a bit of a model is flipped, and its times put back", refused, model)
    yield Fault("Damage", "a bit is flipped after others had been made of the shard",
                "`verify` names them; `verify --discard` takes them too, and a rerun ends in the same digests",
                descendants)  # fmt: skip
    yield Fault("Damage", "a manifest is altered", "it is not believed, and its output is computed again", manifest)
    yield Fault("Damage", "a stray shard lies in an output", "it is not read, and `verify` names it", stranger)
    yield Fault("Damage", "lock files were left by a killed run", "they shut nobody out", locks)


def discard(place: Place) -> None:
    """What `equipoise verify CONFIG --discard` does."""
    found = inspect(place.store)
    for name in (*found.damaged, *found.descendants):
        place.store.discard(*name.split("/", 1))


def companies() -> Iterator[Fault]:
    """Others at work in the same store."""

    def two(place: Place, undisturbed: Ended) -> None:
        for stage in ("match", "balance", "select", "gather", "train"):
            place.forget(stage)
        started = [place.start(Slowly("balance", 0.5)) for _ in range(2)]
        ended = [place.finish(*each) for each in started]
        assert [each.status for each in ended] == [0, 0], [each.error for each in ended]
        assert all(each.digests == undisturbed.digests for each in ended)
        assert not ended[0].ran & ended[1].ran  # every run was done by one of them, once
        settles(place, undisturbed)

    def killed_beside(place: Place, undisturbed: Ended) -> None:
        place.forget("balance")
        first, second = place.start(SignalAt("balance", "written", signal.SIGKILL)), place.start()
        ended = place.finish(*second)
        assert place.finish(*first).status in (-signal.SIGKILL, 0)  # 0: the other one had done it already
        assert (ended.status, ended.digests) == (0, undisturbed.digests)
        settles(place, undisturbed)

    yield Fault("Company", "two runs of one configuration at once", "each stage run is done once; both end well", two)
    yield Fault("Company", "one of two runs at once is killed", "the other goes on; the digests are the same",
                killed_beside)  # fmt: skip


def places() -> Iterator[Fault]:
    """Where the store lies."""

    def moved(place: Place, undisturbed: Ended) -> None:
        elsewhere = Place(place.folder / "elsewhere", store=place.folder / "moved")
        place.store.root.rename(elsewhere.store.root)
        again = elsewhere.run()
        assert (again.status, again.digests, again.ran) == (0, undisturbed.digests, set())

    def linked(place: Place, undisturbed: Ended) -> None:
        place.store.root.rename(place.folder / "large disk")
        place.store.root.symlink_to(place.folder / "large disk")
        place.forget("balance")
        settles(place, undisturbed)

    def a_file(place: Place, undisturbed: Ended) -> None:
        shutil.rmtree(place.store.root)
        place.store.root.write_text("a file")
        refused = place.run()
        assert refused.status == 1 and "is a file, where a folder is needed" in refused.error
        place.store.root.unlink()
        settles(place, undisturbed)

    yield Fault("Places", "the store is moved", "everything is found again, nothing is computed", moved)
    yield Fault("Places", "the store is a link to another disk", "it works as any other", linked)
    yield Fault("Places", "there is a file where the store should be", "one sentence; then it works", a_file)


def disks() -> Iterator[Fault]:
    """Disks that are full, or closed to writing."""
    for share in (0.1, 0.4, 0.7, 0.95):

        def full(place: Place, undisturbed: Ended, share: float = share) -> None:
            held = sum(path.stat().st_size for path in place.store.root.rglob("*") if path.is_file())
            with small_disk(place.folder / "disk", int(share * held)) as disk:
                crowded = Place(place.folder / "crowded", store=disk / "store")
                ended = crowded.run()
                assert ended.status == 1 and "no space is left for" in ended.error, ended.error
                assert not list((disk / "store" / TEMPORARY).glob("*"))
                remount(disk, f"size={4 * held}")
                settles(crowded, undisturbed)

        name = f"the disk is full at {share:.0%} of what the store will hold"
        yield Fault("Disks", name, "one sentence; with room again, a rerun does it", full)

    def read_only(place: Place, undisturbed: Ended) -> None:
        held = sum(path.stat().st_size for path in place.store.root.rglob("*") if path.is_file())
        with small_disk(place.folder / "disk", 4 * held) as disk:
            shutil.copytree(place.store.root, disk / "store")
            closed = Place(place.folder / "closed", store=disk / "store")
            remount(disk, "ro")
            ended = closed.run()
            assert (ended.status, ended.digests, ended.ran) == (0, undisturbed.digests, set()), ended.error
            remount(disk, "rw")
            closed.forget("balance")
            remount(disk, "ro")
            ended = closed.run()
            assert ended.status == 1 and "file system that is read-only" in ended.error, ended.error

    yield Fault("Disks", "the store is read-only", "what it holds is served; what it lacks is one sentence", read_only)


def times() -> Iterator[Fault]:
    """Clocks."""

    def back(place: Place, undisturbed: Ended) -> None:
        place.forget("balance")
        ended = place.run(ClockSetBack("balance"))
        assert (ended.status, ended.digests) == (0, undisturbed.digests)
        assert {label for label in ended.ran if not label.startswith("balance")} == set()
        settles(place, undisturbed)

    yield Fault("Clocks", "the clock is set back by a day in mid-run", "what ran is told from what was cached", back)


FAULTS = (*kills(), *signals(), *damages(), *companies(), *places(), *disks(), *times())

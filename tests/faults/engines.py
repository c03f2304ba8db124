"""Faults under every engine: series of them, in one place, each of which goes on from where the last one ended.

A killed worker does not end a run, so one run loses a worker in every stage. A killed engine does, and a person runs
the same command again; so do these series, a stage at a time, and in the end the place must be as an undisturbed one.
"""

import signal
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.faults.child import POINTS, SignalAt
from tests.faults.losses import EachStageOnce, OnWorkers, SignalToEngine
from tests.faults.matrix import STAGES, settles
from tests.faults.place import Ended, Place, Preparation
from tests.faults.servers import held

WIDE = ("ingest", "match", "embed", "select", "scatter", "gather", "train")
"""Stages whose engine is lost on Ray, where each start takes long: those of many runs, and training."""
ENDS = {signal.SIGKILL: (-signal.SIGKILL,), signal.SIGTERM: (-signal.SIGTERM, 143), signal.SIGINT: (130,)}
"""How the command line ends by a signal; where a run does not end by itself, its deadline ends it by 143."""
PATIENCE = 30.0
"""Seconds in which a run must have ended that was told to, and a worker whose engine is gone."""

Settings = Mapping[str, str]
"""Variables that name a Prefect server or a Ray cluster to a run."""


@dataclass(frozen=True)
class Series:
    """Faults in one place, one after the other or in one run.

    Attributes:
        kind: the section of the page.
        needs: "prefect" or "ray" where a server or a cluster must be there.
        name: what is done, in words.
        faults: the stage and the point of each.
        outcome: what must hold, in words.
        check: does them, from an empty folder; is given the undisturbed place, how that ended, and the settings.
    """

    kind: str
    needs: str
    name: str
    faults: tuple[tuple[str, str], ...]
    outcome: str
    check: Callable[[Path, Place, Ended, Settings], None]


def in_turn(first: int, stages: tuple[str, ...] = STAGES) -> tuple[tuple[str, str], ...]:
    """Every stage with one of the points, each point in its turn."""
    return tuple((stage, POINTS[(first + number) % len(POINTS)]) for number, stage in enumerate(stages))


def workers_lost(runner: str, point: str) -> Series:
    """A whole run, in which every stage loses a worker."""

    def check(folder: Path, whole: Place, undisturbed: Ended, settings: Settings) -> None:
        place, marks = Place(folder / "place", changes={"runner": runner}), folder / "marks"
        marks.mkdir()
        process = place.command(OnWorkers(EachStageOnce(point, marks)), settings)
        process.join(900)
        assert process.exitcode == 0, place.told.read_text()
        lost = {mark.name: int(mark.read_text()) for mark in marks.iterdir()}
        assert set(lost) == set(STAGES) and not any(map(lives, lost.values()))
        assert place.told.read_text().count("another one takes over") == (0 if point == "published" else len(lost))
        settled(place, undisturbed)

    return Series(
        f"A worker is killed, `runner: {runner}`",
        "ray" if runner == "ray" else "",
        f"one run, in which every stage loses a worker: {point}",
        tuple((stage, point) for stage in STAGES),
        "the run goes on, and ends in the digests of threads",
        check,
    )


def ended(runner: str, number: signal.Signals, faults: tuple[tuple[str, str], ...], *, prefect: bool = False) -> Series:
    """The engine gets a signal in a stage, and the same command is run again, with the next stage's signal."""

    def check(folder: Path, whole: Place, undisturbed: Ended, settings: Settings) -> None:
        place = whole.copy(folder / "place", changes={"runner": runner})
        for stage, point in faults:
            mark = folder / f"{stage}-{point}"
            place.forget_one(stage)
            process = place.command(trap(runner, stage, point, number, mark), settings)
            wait_for(mark, process, place)
            process.join(PATIENCE)
            assert process.exitcode in ENDS[number], f"{stage} {point}: {process.exitcode}\n{place.told.read_text()}"
            assert "Traceback" not in place.told.read_text(), place.told.read_text()
            if worker := mark.read_text():
                gone(int(worker))
            if prefect and number != signal.SIGKILL:
                crashed(settings)
        last = place.command(settings=settings)
        last.join(900)
        assert last.exitcode == 0, place.told.read_text()
        if prefect:
            closed(settings, len(faults))
        settled(place, undisturbed)

    where = "Prefect" if prefect else f"`runner: {runner}`"
    done = "is killed" if number == signal.SIGKILL else "is told to end"
    outcome = ["the next run ends in the same digests"]
    if number != signal.SIGKILL:
        outcome.insert(0, "it ends within seconds, without a traceback")
    if runner != "threads":
        outcome.insert(0, "its workers end with it")
    if prefect:
        when = "" if number == signal.SIGKILL else "it is `Crashed` at once, and "
        outcome.append(f"{when}after the next run no flow run and no task run is left running")
    return Series(
        f"A run {done}, {where}", "prefect" if prefect else "ray" if runner == "ray" else "",
        number.name, faults, "; ".join(outcome), check,
    )  # fmt: skip


def trap(runner: str, stage: str, point: str, number: signal.Signals, mark: Path) -> Preparation:
    """What sends an engine a signal while it, or a worker of it, is in a stage."""
    if runner == "threads":
        return SignalAt(stage, point, number, mark)
    return OnWorkers(SignalToEngine(stage, point, number, mark))


def wait_for(mark: Path, process: object, place: Place) -> None:
    """Wait until the signal was sent."""
    began = time.monotonic()
    while not mark.exists():
        assert process.is_alive() and time.monotonic() - began < 300, place.told.read_text()  # type: ignore[attr-defined]
        time.sleep(0.05)


def settled(place: Place, undisturbed: Ended) -> None:
    """All is there: a run in threads computes nothing, and ends in the digests of the undisturbed one."""
    place.configure({})
    assert not settles(place, undisturbed).ran


def lives(process: int) -> bool:
    """Whether a process runs; one that is over and was not yet asked how does not."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def gone(process: int) -> None:
    """Wait until a process is over."""
    began = time.monotonic()
    while lives(process):
        assert time.monotonic() - began < PATIENCE, f"the process {process} went on"
        time.sleep(0.05)


def crashed(settings: Settings) -> None:
    """The last flow run has ended; task runs that the server hears of only later are closed by the next run."""
    assert held(settings, "flow_runs")[0]["state"]["type"] == "CRASHED"


def closed(settings: Settings, faults: int) -> None:
    """The last flow run did well, and those before it crashed; no task run is at work."""
    last, *before = held(settings, "flow_runs")[: faults + 1]
    assert last["state"]["type"] == "COMPLETED" and len(before) == faults
    assert {each["state"]["type"] for each in before} == {"CRASHED"}
    running = {"task_runs": {"state": {"type": {"any_": ["RUNNING", "PENDING", "SCHEDULED"]}}}}
    assert not held(settings, "task_runs", **running)


def series() -> Iterator[Series]:
    """All of them."""
    for runner in ("processes", "ray"):
        for point in POINTS:
            yield workers_lost(runner, point)
    yield ended("processes", signal.SIGKILL, in_turn(0))
    yield ended("ray", signal.SIGKILL, in_turn(0, WIDE))
    yield ended("threads", signal.SIGKILL, in_turn(0), prefect=True)
    for first, number in enumerate((signal.SIGTERM, signal.SIGINT)):
        yield ended("threads", number, in_turn(first))
        yield ended("threads", number, in_turn(first + 2), prefect=True)
        yield ended("processes", number, in_turn(first + 1, STAGES[first::2]))
        yield ended("ray", number, in_turn(first + 3, WIDE[first::2]))


SERIES = tuple(series())

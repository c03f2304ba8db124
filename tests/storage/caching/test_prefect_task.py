"""`@stage` with and without Prefect: what is reused, what runs again, and what a failure leaves behind."""

import shutil
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import UUID

import cloudpickle
import pytest
from prefect import flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import TaskRunFilter, TaskRunFilterId
from prefect.client.schemas.objects import State, TaskRun
from prefect.futures import PrefectFuture

from storage.caching.prefect_task import Output, prefect_task
from storage.errors import InputError
from storage.record.manifest import to_sealed_json
from storage.store.store import MANIFEST, RECORDS, TEMPORARY, Store
from storage.store.workspace import Runtime
from tests.storage.stages import CountConfig, Log, count, parity, runs, total


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "log"


def pipeline(runtime: Runtime, log: Path, rows: int = 10) -> list[State[Output]]:
    """Two counts, a parity of the first, a total of both: the four states under Prefect."""
    states: list[State[Output]] = []

    @flow(name="numbers")
    def numbers() -> None:
        first = prefect_task(count, runtime, label="count {first}").submit(CountConfig(rows=rows, log=log))
        second = prefect_task(count, runtime, label="count second").submit(CountConfig(rows=3, log=log))
        odd = prefect_task(parity, runtime, label="parity").submit(first, Log(path=log))
        both = prefect_task(total, runtime, label="total").submit([odd, second], Log(path=log))
        states.extend(final(future) for future in (first, second, odd, both))

    numbers()
    return states


def final(future: PrefectFuture[Output]) -> State[Output]:
    future.wait()
    return future.state


def recorded_runs(ids: list[UUID | None]) -> list[TaskRun]:
    """The task runs as the server has them; it records them some moments after they end."""
    wanted = TaskRunFilter(id=TaskRunFilterId(any_=[each for each in ids if each]))
    deadline = time.monotonic() + 30
    with get_client(sync_client=True) as client:
        while len(found := client.read_task_runs(task_run_filter=wanted)) < len(ids) and time.monotonic() < deadline:
            time.sleep(0.2)
    return found


def digests(states: list[State[Output]]) -> list[str]:
    return [state.result().manifest.digest for state in states]


def names(states: list[State[Output]]) -> list[str | None]:
    return [state.name for state in states]


@pytest.mark.usefixtures("prefect_server")
class TestUnderPrefect:
    def test_a_run_that_waits_is_called_by_its_label(self, runtime: Runtime, log: Path) -> None:
        gate, seen = threading.Event(), []

        @flow(name="waiting")
        def waiting() -> None:
            hold = prefect_task(count, runtime, label="count", began=lambda parts: gate.wait(60))
            first = hold.submit(CountConfig(rows=3, log=log))
            second = prefect_task(parity, runtime, label="parity of {it}, seed 0").submit(first, Log(path=log))
            try:
                seen.extend(recorded_runs([second.task_run_id]))
            finally:
                gate.set()
            second.wait()

        waiting()
        assert [(run.name, run.state_name) for run in seen] == [("parity of {it}, seed 0", "Pending")]

    def test_second_run_is_cached(self, runtime: Runtime, log: Path) -> None:
        first = pipeline(runtime, log)
        again = pipeline(runtime, log)
        assert names(first) == ["Completed"] * 4
        assert names(again) == ["Cached"] * 4
        assert [state.result().manifest.digest for state in first] == [
            state.result().manifest.digest for state in again
        ]
        assert sorted(runs(log)) == ["count", "count", "parity", "total"]

    def test_the_graph_has_the_edges_of_the_calls_and_no_others(self, runtime: Runtime, log: Path) -> None:
        states = [*pipeline(runtime, log), *pipeline(runtime, log)]
        ids = [state.state_details.task_run_id for state in states]
        recorded = {run.id: run for run in recorded_runs(ids)}
        parents = [
            {ids.index(item.id) for items in recorded[each].task_inputs.values() for item in items} for each in ids
        ]
        assert parents == [set(), set(), {0}, {1, 2}, set(), set(), {4}, {5, 6}]

    def test_deleted_shard_reruns_that_task_only(self, runtime: Runtime, log: Path) -> None:
        first = pipeline(runtime, log)[0].result().manifest
        (Store(runtime.store).directory("count", first.key) / "numbers-00001.parquet").unlink()
        log.unlink()
        assert names(pipeline(runtime, log)) == ["Completed", "Cached", "Cached", "Cached"]
        assert runs(log) == ["count"]
        assert names(pipeline(runtime, log)) == ["Cached"] * 4

    def test_truncated_shard_and_lost_manifest_heal(self, runtime: Runtime, log: Path) -> None:
        states = pipeline(runtime, log)
        store = Store(runtime.store)
        directories = [store.directory(state.result().manifest.stage, state.result().manifest.key) for state in states]
        shard = directories[0] / "numbers-00000.parquet"
        shard.write_bytes(shard.read_bytes()[:-1])
        (directories[2] / MANIFEST).unlink()
        assert names(pipeline(runtime, log)) == ["Completed", "Cached", "Completed", "Cached"]
        assert not list((runtime.store / TEMPORARY).iterdir())

    def test_equal_bytes_keep_downstream_cached(self, runtime: Runtime, log: Path) -> None:
        before = pipeline(runtime, log, rows=10)
        after = pipeline(runtime, log, rows=6)
        assert names(after) == ["Completed", "Cached", "Completed", "Cached"]
        assert before[2].result().manifest.digest == after[2].result().manifest.digest
        assert before[2].result().manifest.key != after[2].result().manifest.key

    def test_a_run_without_prefect_leaves_no_record_and_gets_one_when_it_is_asked_for(
        self, runtime: Runtime, log: Path
    ) -> None:
        manifest = count.run(CountConfig(rows=10, log=log), runtime=runtime)
        assert not (runtime.store / RECORDS).exists()
        for _ in range(2):
            assert names(pipeline(runtime, log))[0] == "Cached"
            assert len(list((runtime.store / RECORDS).glob("count-*" + manifest.key + "-*"))) == 1
            assert runs(log).count("count") == 2

    def test_local_run_is_cached_under_prefect_and_back(self, runtime: Runtime, log: Path) -> None:
        local = count.run(CountConfig(rows=10, log=log), runtime=runtime)
        states = pipeline(runtime, log)
        assert names(states) == ["Cached", "Completed", "Completed", "Completed"]
        odd = parity.run(states[0].result().manifest, Log(path=log), runtime=runtime)
        assert odd.key == states[2].result().manifest.key and odd.digest == states[2].result().manifest.digest
        assert states[0].result().manifest.digest == local.digest
        assert runs(log).count("parity") == 1 and runs(log).count("count") == 2

    def test_failure_is_not_cached_and_leaves_nothing(self, runtime: Runtime, log: Path) -> None:
        states: list[State[Output]] = []

        @flow(name="failing")
        def failing() -> None:
            empty = prefect_task(count, runtime, label="empty").submit(CountConfig(rows=0))
            states.append(final(prefect_task(total, runtime, label="total").submit([empty], Log(path=log))))

        for attempt in (1, 2):
            failing()
            assert states[-1].is_failed()
            with pytest.raises(InputError, match="no rows"):
                states[-1].result()
            assert runs(log).count("total") == attempt
        assert not (runtime.store / "total").exists()
        assert not list((runtime.store / TEMPORARY).iterdir())

    def test_rebuilt_output_wins_over_the_record(self, runtime: Runtime, log: Path) -> None:
        """An output whose rebuilt bytes differ (a GPU) is handed on with its new digest, not the recorded one."""
        first = pipeline(runtime, log)[0].result().manifest
        path = Store(runtime.store).directory("count", first.key) / MANIFEST
        path.write_text(to_sealed_json(first.model_copy(update={"digest": "rebuilt"})))
        states = pipeline(runtime, log)
        assert states[0].name == "Cached" and states[0].result().manifest.digest == "rebuilt"
        assert states[2].name == "Completed"

    def test_copied_store_is_not_judged_by_the_old_one(self, runtime: Runtime, log: Path, tmp_path: Path) -> None:
        first = pipeline(runtime, log)[0].result().manifest
        shutil.copytree(runtime.store, tmp_path / "copy")
        copied = Runtime(store=tmp_path / "copy")
        (Store(copied.store).directory("count", first.key) / "numbers-00000.parquet").unlink()
        log.unlink()
        states = pipeline(copied, log)
        assert all(state.is_completed() for state in states)
        assert runs(log) == ["count"]
        assert names(pipeline(copied, log)) == ["Cached"] * 4

    def test_unknown_argument_fails_in_a_clear_sentence(self, runtime: Runtime) -> None:
        states: list[State[Output]] = []

        @flow(name="unkeyed")
        def unkeyed() -> None:
            states.append(final(prefect_task(count, runtime, label="count").submit({1, 2})))

        unkeyed()
        assert states[0].is_failed() and "a set cannot enter a cache key" in str(states[0].message)


def test_runs_of_one_key_in_threads_compute_once(runtime: Runtime, log: Path) -> None:
    config = CountConfig(log=log, seconds=0.2)
    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(lambda _: count.run(config, runtime=runtime), range(6)))
    assert runs(log) == ["count"]
    assert len({manifest.created for manifest in found}) == 1


def test_task_survives_pickling(runtime: Runtime) -> None:
    """Ray and Dask send tasks to their workers by cloudpickle."""
    task = cloudpickle.loads(cloudpickle.dumps(prefect_task(count, runtime, label="count")))
    manifest = task.fn(CountConfig()).manifest
    assert manifest.key == count.run(CountConfig(), runtime=runtime).key
    assert task.cache_policy.stage.code == count.code


def test_runtime_and_unmarked_fields_stay_out_of_the_key(tmp_path: Path, log: Path) -> None:
    one = count.run(CountConfig(log=log), runtime=Runtime(store=tmp_path / "a"))
    other = count.run(CountConfig(), runtime=Runtime(store=tmp_path / "b", device="cuda", workers=9))
    assert one.key == other.key and one.digest == other.digest


def test_local_run_heals_a_missing_file(runtime: Runtime, log: Path) -> None:
    manifest = count.run(CountConfig(log=log), runtime=runtime)
    (Store(runtime.store).directory("count", manifest.key) / "numbers-00000.parquet").unlink()
    healed = count.run(CountConfig(log=log), runtime=runtime)
    assert healed.digest == manifest.digest and not Store(runtime.store).damage(healed)
    assert runs(log) == ["count", "count"]

"""The benchmark of workers runs on threads, and shows what each further run takes."""

import pytest

from benchmarks import workers


def test_it_times_a_walk(tmp_path):
    (tmp_path / "groups").mkdir()
    workers.write_groups(tmp_path / "groups", 3)
    found = workers.measured("threads", workers.sources_in(tmp_path / "groups"), tmp_path / "store")
    assert 0 < found["first"] < found["seconds"]
    assert len(list((tmp_path / "store" / "ingest").iterdir())) == 3
    with pytest.raises(RuntimeError, match=r"ingest s00000 .* cached"):
        workers.measured("threads", workers.sources_in(tmp_path / "groups"), tmp_path / "store")


def test_what_a_further_run_takes_is_told(capsys):
    ours = {"threads": [{"first": 1.0, "seconds": 4.1}], "ray": [{"first": 2.0, "seconds": 8.2}]}
    workers.show(32, {**ours, "ray_task_runner": [{"first": 5.0, "seconds": 36.0}]})
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[1:] for line in lines[:3]] == [
        ["threads", "4.1", "1.0", "100.0"], ["ray", "8.2", "2.0", "200.0", "100.0"],
        ["ray_task_runner", "36.0", "5.0", "1000.0", "900.0"],
    ]  # fmt: skip
    assert lines[3].strip() == "32  the first run has ended on ray after 0.40 of ray_task_runner's time"


@pytest.mark.slow
def test_ray_is_measured(tmp_path):
    pytest.importorskip("ray")
    workers.write_groups(tmp_path, 2)
    with workers.cluster() as settings:
        for runner in ("processes", "ray", "ray_task_runner"):
            found = workers.in_its_own_process(runner, tmp_path, settings)
            assert 0 < found["first"] < found["seconds"]

"""Parameters, inputs and versions as a reader needs them."""

from datetime import UTC, datetime

from storage.record.manifest import Manifest
from tasks.reporting.sections.provenance import software, stage_records


def manifest(stage: str, **parameters: object) -> Manifest:
    return Manifest(
        stage=stage,
        key="k",
        digest=f"{stage}-digest",
        files=(),
        parameters=parameters,
        code="c",
        software={"numpy": "2.0"},
        created=datetime(2025, 1, 1, tzinfo=UTC),
    )


def test_parameters_are_flat_and_shared() -> None:
    runs = [
        manifest("train", seed=0, config={"steps": 5, "loss": {"k": 1}}, pairs=[{"stage": "ingest", "digest": "x"}]),
        manifest("train", seed=1, config={"steps": 5, "loss": {"k": 1}}, pairs=[{"stage": "ingest", "digest": "x"}]),
    ]
    (record,) = stage_records(runs)
    assert record.runs == 2
    assert dict(record.parameters) == {"seed": "0 | 1", "config.steps": "5", "config.loss.k": "1"}


def test_values_are_spelled_plainly() -> None:
    (record,) = stage_records(
        [manifest("s", a=None, b=True, c=[], d=[1, 2.5], e=[{"kind": "x"}], f={"fingerprint": "z"})]
    )
    assert dict(record.parameters) == {
        "a": "not set",
        "b": "yes",
        "c": "none",
        "d": "1, 2.5",
        "e[0].kind": "x",
        "f": "content z",
    }


def test_versions_that_differ_are_all_named() -> None:
    other = manifest("b").model_copy(update={"software": {"numpy": "2.1"}})
    assert software([manifest("a"), other]) == [("numpy", "2.0, 2.1")]

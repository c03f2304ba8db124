"""What the report is given, as the cache and the graph see it: a tree with a manifest in each place."""

from storage.record.manifest import Manifest
from storage.tree import leaves
from tests.tasks.reporting.conftest import Inputs


def test_every_output_has_a_place_with_a_name(inputs: Inputs) -> None:
    places = {place for place, leaf in leaves(inputs.screening, "screening") if isinstance(leaf, Manifest)}
    assert {"screening.ingested[0]", "screening.dropped[0]", "screening.tree", "screening.duplicates"} <= places
    assert {place for place in places if "leaks" in place} == {
        "screening.leaks.<q>shape</q>.found", "screening.leaks.<q>shape</q>.images"
    }  # fmt: skip
    places = {place for place, leaf in leaves(inputs.training, "training") if isinstance(leaf, Manifest)}
    assert {f"training.models[{number}].model" for number in range(4)} <= places
    assert {
        f"training.{kind}.{name}" for kind in ("geometry", "density") for name in ("original", "balanced")
    } <= places

"""The tables' schemas, as other libraries read them."""

import json

from storage.tables.schemas import CURATED, NOTHING, PAIRS, Carried, scores_in, with_carried


def test_curated_schema_tells_datasets_of_the_image() -> None:
    features = json.loads(CURATED.metadata[b"huggingface"])["info"]["features"]
    assert list(features) == CURATED.names
    assert features["image"] == {"_type": "Image"} and features["weight"] == {"_type": "Value", "dtype": "float64"}


def test_scores_are_a_last_column_whose_order_is_not_that_of_the_configuration() -> None:
    schema = with_carried(PAIRS, Carried(frozenset({"b", "a"}), concepts=True))
    assert schema.names == [*PAIRS.names, "scores", "concepts"] and scores_in(schema) == {"a", "b"}
    assert [part.name for part in schema.field("scores").type] == ["a", "b"]
    assert Carried.of([schema, PAIRS]) == Carried(frozenset("ab"), frozenset(), True)
    features = json.loads(schema.metadata[b"huggingface"])["info"]["features"]
    assert features["scores"] == {name: {"_type": "Value", "dtype": "float64"} for name in "ab"}
    assert with_carried(PAIRS, NOTHING) is PAIRS and scores_in(PAIRS) == frozenset()

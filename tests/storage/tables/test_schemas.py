"""The tables' schemas, as other libraries read them."""

import json

from storage.tables.schemas import CURATED, PAIRS, scores_in, with_scores


def test_curated_schema_tells_datasets_of_the_image() -> None:
    features = json.loads(CURATED.metadata[b"huggingface"])["info"]["features"]
    assert list(features) == CURATED.names
    assert features["image"] == {"_type": "Image"} and features["weight"] == {"_type": "Value", "dtype": "float64"}


def test_scores_are_a_last_column_whose_order_is_not_that_of_the_configuration() -> None:
    schema = with_scores(PAIRS, ["b", "a", "b"])
    assert schema.names == [*PAIRS.names, "scores"] and scores_in(schema) == ("a", "b")
    assert schema.equals(with_scores(PAIRS, ["a", "b"]), check_metadata=True)
    features = json.loads(schema.metadata[b"huggingface"])["info"]["features"]
    assert features["scores"] == {name: {"_type": "Value", "dtype": "float64"} for name in "ab"}
    assert with_scores(PAIRS, []) is PAIRS and scores_in(PAIRS) == ()

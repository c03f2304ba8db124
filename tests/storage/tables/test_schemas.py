"""The tables' schemas, as other libraries read them."""

import json

from storage.tables.schemas import CURATED


def test_curated_schema_tells_datasets_of_the_image() -> None:
    features = json.loads(CURATED.metadata[b"huggingface"])["info"]["features"]
    assert list(features) == CURATED.names
    assert features["image"] == {"_type": "Image"} and features["weight"] == {"_type": "Value", "dtype": "float64"}

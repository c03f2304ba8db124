"""What the JSON of a sample says."""

import json
from collections.abc import Mapping

from tasks.ingest.tars.samples import Fault, Sample

NO_FIELDS: Mapping[str, object] = {}
MOST_JSON = 16 << 20
"""Bytes of a sample's JSON; one with more is refused."""


def json_fields(sample: Sample) -> Mapping[str, object] | Fault:
    """The object in a sample's `.json`; empty where there is none."""
    content = sample.parts.get("json")
    if not isinstance(content, bytes):
        return content or NO_FIELDS
    try:
        loaded = json.loads(content)
    except (ValueError, RecursionError) as error:
        return "malformed row", f"its .json cannot be read ({type(error).__name__}: {error})"[:300]
    return (
        loaded if isinstance(loaded, dict) else ("malformed row", f"its .json is a {type(loaded).__name__}, no object")
    )

"""Content hashes: of files, of JSON-able values, of row identities."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import xxhash
from pydantic import JsonValue

_BLOCK = 1 << 20


def hash_file(path: Path) -> str:
    """XXH3-128 of a file's bytes, as `xxh3:<32 hex digits>`."""
    state = xxhash.xxh3_128()
    with open(path, "rb") as file:
        while block := file.read(_BLOCK):
            state.update(block)
    return f"xxh3:{state.hexdigest()}"


def canonical_json(value: JsonValue) -> str:
    """The one spelling of a JSON value: sorted keys, no spaces, no NaN (`ValueError`)."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def hash_json(value: JsonValue) -> str:
    """XXH3-128 of a JSON value's canonical spelling: 32 hex digits."""
    return xxhash.xxh3_128_hexdigest(canonical_json(value).encode("utf-8", "surrogatepass"))


def row_ids(source: str, keys: Sequence[str]) -> np.ndarray:
    """Identities of rows, uint64 `[n]`: XXH3-64 of the source's name, a NUL, and the source's own key."""
    prefix = source.encode("utf-8", "surrogatepass") + b"\0"
    digest = xxhash.xxh3_64_intdigest
    return np.fromiter(
        (digest(prefix + key.encode("utf-8", "surrogatepass")) for key in keys), dtype=np.uint64, count=len(keys)
    )

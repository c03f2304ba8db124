"""Content hashes: of files and of JSON-able values."""

import json
from pathlib import Path
from typing import BinaryIO

import xxhash
from pydantic import JsonValue

_BLOCK = 1 << 20


def hash_file(path: Path) -> str:
    """XXH3-128 of a file's bytes, as `xxh3:<32 hex digits>`."""
    with open(path, "rb") as file:
        return hash_stream(file)


def hash_stream(file: BinaryIO) -> str:
    """The same of what an open file still holds."""
    state = xxhash.xxh3_128()
    while block := file.read(_BLOCK):
        state.update(block)
    return f"xxh3:{state.hexdigest()}"


def canonical_json(value: JsonValue) -> str:
    """The one spelling of a JSON value: sorted keys, no spaces, no NaN (`ValueError`)."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def hash_json(value: JsonValue) -> str:
    """XXH3-128 of a JSON value's canonical spelling: 32 hex digits."""
    return xxhash.xxh3_128_hexdigest(canonical_json(value).encode("utf-8", "surrogatepass"))

"""What crosses between stages: a manifest of files and their content, never paths, frames or tensors."""

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from storage.config import NotInKey
from storage.errors import InputError
from storage.hashing import hash_json
from storage.places.place import Place


class FileRef(BaseModel):
    """One file of a stage's output."""

    model_config = ConfigDict(frozen=True)

    path: str = Field(description="relative to the stage's output directory, with forward slashes")
    bytes: int = Field(ge=0)
    rows: int | None = Field(default=None, description="for Parquet files")
    hash: str = Field(description="xxh3:<hex> of the content")


class Parent(BaseModel):
    """An input that entered a stage, under the argument's name."""

    model_config = ConfigDict(frozen=True)

    argument: str
    stage: str
    key: str
    digest: str


class Manifest(BaseModel):
    """The record of one stage run: which files, from what, by which code.

    `digest` hashes the stage's name and its files' content, in order, and nothing else: a rerun that writes equal
    bytes has an equal digest, and everything downstream stays cached.
    `key` hashes what the run depended on: code, parameters, parents' digests.
    """

    model_config = ConfigDict(frozen=True)

    stage: str
    key: str
    digest: str
    files: tuple[FileRef, ...]
    parents: tuple[Parent, ...] = ()
    parameters: Mapping[str, JsonValue] = Field(default_factory=dict)
    version: int = 1
    code: str = Field(description="fingerprint of the modules that computed it")
    software: Mapping[str, str] = Field(default_factory=dict, description="package versions that can change results")
    stats: Mapping[str, JsonValue] = Field(default_factory=dict)
    seconds: float = Field(default=0.0, description="wall time of the computation")
    created: datetime

    @property
    def name(self) -> str:
        """Where it lies in the store: `<stage>/<key>`."""
        return f"{self.stage}/{self.key}"

    @property
    def rows(self) -> int:
        """Rows over all Parquet files."""
        return sum(file.rows or 0 for file in self.files)

    @property
    def bytes(self) -> int:
        """Bytes over all files."""
        return sum(file.bytes for file in self.files)


class External(BaseModel):
    """A file or folder outside the store, here or at a URL. Only its fingerprint, its content, enters a key."""

    model_config = ConfigDict(frozen=True)

    path: Annotated[Place, NotInKey()]
    fingerprint: str

    @property
    def local(self) -> Path:
        """Its path on this machine. Raises `InputError` for a URL."""
        if isinstance(self.path, Path):
            return self.path
        raise InputError(f"{self.path} is read from this machine only: fetch it, and give its path")


def to_sealed_json(manifest: Manifest) -> str:
    """The manifest as it is written down: with a `seal`, the hash of all else in it."""
    content = manifest.model_dump(mode="json")
    return json.dumps(content | {"seal": hash_json(content)}, indent=2, ensure_ascii=False)


def from_sealed_json(text: bytes) -> Manifest:
    """The manifest that was written down. Raises `ValueError` where it is no manifest, or was altered since."""
    content = json.loads(text)
    if not isinstance(content, dict) or content.pop("seal", None) != hash_json(content):
        raise ValueError("the manifest does not agree with its seal")
    return Manifest.model_validate(content)


def content_digest(stage: str, files: tuple[FileRef, ...]) -> str:
    """`digest = hash(stage, (path, content hash) of the files in order)`."""
    return hash_json([stage, [[file.path, file.hash] for file in files]])

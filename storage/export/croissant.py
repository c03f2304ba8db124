"""Croissant 1.1: a data set described for programs, in JSON-LD, as `mlcroissant` reads it.

Named, validated and loaded by any reader of the format: each file with its SHA-256, and every column with its type.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
from pydantic import JsonValue

from storage.tables.schemas import CONCEPT, CONCEPTS, KEPT, SCORES

CONFORMS_TO = "http://mlcommons.org/croissant/1.1"
PARQUET = "application/x-parquet"
RECORDS = "pairs"
_BLOCK = 1 << 20
_CONTEXT: Mapping[str, JsonValue] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "arrayShape": "cr:arrayShape",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "containedIn": "cr:containedIn",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "description": {"@container": "@language"},
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isArray": "cr:isArray",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "name": {"@container": "@language"},
    "parentField": "cr:parentField",
    "path": "cr:path",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
MEANING: Mapping[str, str] = {
    "id": "the row's identity: a hash of its source's name and key",
    "key": "the source's own key",
    "caption": "as the source had it; text of unknown people",
    "image": "the picture's bytes, as the source had them",
    "label": "class number, where the source has one",
    "source": "the source's name",
    "weight": "from balancing, with mean 1 over the captions that match a keyword",
    "inclusion": "probability that the row is in the selection at all",
    "multiplicity": "copies of the row in the selection",
    SCORES: "of the source, such as of a model or of a person",
    KEPT: "further columns of the source, as texts",
    CONCEPTS: "labels of what was detected in the picture, the surest first",
    "entries": "numbers of the keywords that the caption holds",
}


@dataclass(frozen=True)
class About:
    """What a data set is, to programs.

    Attributes:
        name: a short one.
        description: in a sentence or two.
        licence: an SPDX name or an address; empty where nobody has said.
        creators: who answers for it.
        homepage: where it is published.
        citation: how to cite it.
        published: the day, as 2026-11-26.
        version: of the content.
    """

    name: str
    description: str
    licence: str = ""
    creators: tuple[str, ...] = ()
    homepage: str = ""
    citation: str = ""
    published: str = ""
    version: str = "1.0.0"


@dataclass(frozen=True)
class DataFile:
    """A file: its path from where the description lies, bytes and SHA-256."""

    path: str
    bytes: int
    sha256: str


def describe_file(path: Path, name: str) -> DataFile:
    """A file's size and SHA-256, read once."""
    digest, size = hashlib.sha256(), 0
    with open(path, "rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
            size += len(block)
    return DataFile(name, size, digest.hexdigest())


@dataclass(frozen=True)
class Split:
    """The files of one split, and patterns, from where the description lies, that they and no others match."""

    name: str
    files: Sequence[DataFile]
    patterns: Sequence[str]


def croissant(about: About, splits: Sequence[Split], schema: pa.Schema) -> dict[str, JsonValue]:
    """The description of Parquet files of one schema, as JSON-LD.

    A record set for each split: `pairs` of the first, and `pairs-<split>` of any other. What nobody has said is left
    out, except the licence.
    """
    distribution: list[JsonValue] = []
    records: list[JsonValue] = []
    for number, split in enumerate(splits):
        name = RECORDS if number == 0 else f"{RECORDS}-{split.name}"
        distribution += [_file(each) for each in split.files]
        distribution.append({
            "@type": "cr:FileSet",
            "@id": f"files-{split.name}",
            "name": f"files-{split.name}",
            "description": f"Parquet shards of the split {split.name}.",
            "encodingFormat": PARQUET,
            "includes": list(split.patterns),
        })  # fmt: skip
        records.append({
            "@type": "cr:RecordSet",
            "@id": name,
            "name": name,
            "description": f"Rows of the split {split.name}.",
            "field": [_field(name, f"files-{split.name}", column) for column in schema],
        })  # fmt: skip
    described: dict[str, JsonValue] = {
        "@context": dict(_CONTEXT),
        "@type": "sc:Dataset",
        "conformsTo": CONFORMS_TO,
        "name": about.name,
        "description": about.description,
        "version": about.version,
        "license": about.licence or "unknown: to be filled in",
        "distribution": distribution,
        "recordSet": records,
    }
    said: dict[str, JsonValue] = {
        "citeAs": about.citation,
        "creator": [{"@type": "sc:Organization", "name": name} for name in about.creators],
        "datePublished": about.published,
        "url": about.homepage,
    }
    return described | {name: value for name, value in said.items() if value}


def _file(file: DataFile) -> JsonValue:
    return {
        "@type": "cr:FileObject",
        "@id": file.path,
        "name": file.path,
        "contentUrl": file.path,
        "contentSize": f"{file.bytes} B",
        "encodingFormat": PARQUET,
        "sha256": file.sha256,
    }


def _field(records: str, source: str, column: pa.Field) -> JsonValue:
    extract: dict[str, JsonValue] = {"column": column.name}
    if column.name in (SCORES, KEPT):
        return _parts(records, source, column)
    described: dict[str, JsonValue] = {
        "@type": "cr:Field",
        "@id": f"{records}/{column.name}",
        "name": f"{records}/{column.name}",
        "description": MEANING.get(column.name, column.name),
        "dataType": _type(column.type),
        "source": {"fileSet": {"@id": source}, "extract": extract},
    }
    if pa.types.is_struct(column.type):
        described["source"] = {"fileSet": {"@id": source}, "extract": extract, "transform": {"jsonPath": "bytes"}}
    elif pa.types.is_list(column.type):
        if pa.types.is_struct(column.type.value_type):
            described["source"] = {
                "fileSet": {"@id": source},
                "extract": extract,
                "transform": {"jsonPath": "[*].label"},
            }
        described |= {"isArray": True, "arrayShape": "-1"}
    return described


def _parts(records: str, source: str, column: pa.Field) -> JsonValue:
    name = f"{records}/{column.name}"
    parts: list[JsonValue] = [
        {
            "@type": "cr:Field",
            "@id": f"{name}/{part.name}",
            "name": f"{name}/{part.name}",
            "description": f"{part.name}, as the source had it",
            "dataType": _type(part.type),
            "source": {
                "fileSet": {"@id": source},
                "extract": {"column": column.name},
                "transform": {"jsonPath": part.name},
            },
        }
        for part in column.type
    ]
    return {"@type": "cr:Field", "@id": name, "name": name, "description": MEANING[column.name], "subField": parts}


def _type(kind: pa.DataType) -> str:
    if pa.types.is_list(kind):
        kind = kind.value_type
    if pa.types.is_struct(kind):
        return "sc:Text" if kind == CONCEPT else "sc:ImageObject"
    if pa.types.is_floating(kind):
        return "sc:Float"
    return "sc:Integer" if pa.types.is_integer(kind) else "sc:Text"

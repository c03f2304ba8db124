"""What the samples of a tar hold, by a look at the first of them."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import PurePosixPath

from storage.places.place import Place
from storage.places.read import open_binary
from tasks.ingest.recognition.roles import CAPTIONS
from tasks.ingest.tars.stream import Damaged, TarStream

TARS = (".tar", ".tar.gz", ".tgz")
MEMBERS = 300
_LONGEST_JSON = 1 << 20


@dataclass(frozen=True)
class TarSample:
    """What the first members of a tar are.

    Attributes:
        extensions: how many members end so; an extension begins at the first dot of a name, as webdataset has it.
        caption: where captions stand: `txt`, or `json.<field>`; None: nowhere that was found.
        label: `cls`, or None.
    """

    extensions: Counter[str]
    caption: str | None
    label: str | None


def look_into(path: Place) -> TarSample:
    """The first members of a tar; of one that is damaged, those before the damage."""
    extensions, fields = Counter[str](), list[str]()
    with open_binary(path) as file:
        try:
            stream = TarStream(file)
            for member in islice(stream, MEMBERS):
                extension = PurePosixPath(member.name).name.partition(".")[2].lower()
                if member.kind != "file" or not extension:
                    continue
                extensions[extension] += 1
                if extension == "json" and not fields and member.size <= _LONGEST_JSON:
                    fields = _captions_in(stream.read(member))
        except Damaged:
            pass
    caption = "txt" if "txt" in extensions else f"json.{fields[0]}" if fields else None
    return TarSample(extensions, caption, "cls" if "cls" in extensions else None)


def has_tables(tars: Sequence[str], names: Sequence[str]) -> bool:
    """Whether img2dataset's Parquet tables stand beside the tars."""
    return f"{tars[0].partition('.tar')[0]}.parquet" in names


def _captions_in(content: bytes) -> list[str]:
    """The fields of a JSON object that are called as captions are, and hold a text or texts."""
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        return []
    if not isinstance(value, dict):
        return []
    held = {name.lower(): name for name, each in value.items() if each and isinstance(each, str | list)}
    return [held[name] for name in CAPTIONS if name in held]

"""Members of a tar that make a sample, as webdataset puts them together: one after the other, with one key."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from tasks.ingest.pictures.paths import escapes
from tasks.ingest.reasons import Reason
from tasks.ingest.tars.stream import Damaged, Member, TarStream

_KEY = re.compile(r"((?:.*/)?[^./][^./]*)\.([^/]*)", re.DOTALL)
"""A name is cut at the first dot of its last part, as webdataset does; what begins with a dot has no key."""

_ODD = re.compile(r"^/|\.\.|[\\:]")
"""What no harmless name needs: only such a one is looked at closely."""

Fault = tuple[Reason, str]


@dataclass(slots=True)
class Sample:
    """One sample.

    Attributes:
        key: what its members' names share.
        parts: by extension, in lower case: the content, why there is none, or None for what nobody asked for.
        names: by extension, the members' names.
        places: by extension, where the content of each file lies in the tar, and its bytes.
        fault: why it is no sample.
    """

    key: str
    parts: dict[str, bytes | Fault | None] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    places: dict[str, tuple[int, int]] = field(default_factory=dict)
    fault: Fault | None = None


def samples(tar: TarStream, wanted: dict[str, int], too_large: dict[str, Reason]) -> Iterator[Sample]:
    """The samples of a tar, in order.

    Args:
        tar: its members.
        wanted: extensions whose content is read, and the most bytes that it may have.
        too_large: by extension, why a sample is refused whose content has more.

    Raises:
        Damaged: after the samples before the fault; of the last, what lay beyond is missing.
    """
    current: Sample | None = None
    fault: Damaged | None = None
    try:
        for member in tar:
            if member.kind == "folder":
                continue
            name = member.name.removeprefix("./")
            found = _KEY.fullmatch(name)
            key = found[1] if found else name
            if current is not None and (found is None or current.key != key):
                yield current
                current = None
            if found is None:
                yield Sample(name, fault=("malformed row", f"the member {name[:200]!r} has no key before a dot"))
                continue
            current = current or Sample(key, fault=_unsafe(name))
            _add(current, member, tar, wanted, too_large, found[2].lower())
    except Damaged as error:
        fault = error
    if current is not None:
        yield current
    if fault is not None:
        raise fault


def _add(
    sample: Sample, member: Member, tar: TarStream, wanted: dict[str, int], too_large: dict[str, Reason], extension: str
) -> None:
    name = member.name
    if extension in sample.parts:
        sample.fault = sample.fault or ("duplicate key", f"the tar holds {name[:200]!r} twice")
    sample.names[extension] = name.removeprefix("./")
    if member.kind == "file":
        sample.places[extension] = member.offset, member.size
    most = wanted.get(extension)
    if member.kind != "file":
        sample.parts[extension] = ("unsafe member", f"{name[:200]!r} is a {member.kind}, which is not followed")
    elif most is None:
        sample.parts[extension] = None
    elif member.size > most:
        sample.parts[extension] = (too_large[extension], f"{member.size} bytes in {name[:200]!r}, at most {most}")
    else:
        try:
            sample.parts[extension] = tar.read(member)
        except Damaged:
            sample.fault = "damaged archive", f"the member {name[:200]!r} is cut off"
            raise


def _unsafe(name: str) -> Fault | None:
    if "\0" in name or (_ODD.search(name) and escapes(name)):
        return "unsafe member", f"the name {name[:200]!r} leads out of the archive; nothing is unpacked"
    return None

"""The metadata list: the union of several lists, each keyword with where it came from and what is wrong with it."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from storage.errors import InputError
from storage.tables.schemas import ENTRIES
from tasks.matching.lists.audit import MatcherAudit


def unite(lists: Sequence[tuple[str, Sequence[str]]], limit: int | None = None) -> tuple[list[str], list[str]]:
    """The union of named lists: keywords, and the provenance of each, the lists' names joined by `+`.

    A list keeps its own order and its own repetitions (so that a single MetaCLIP list keeps its numbering); a text
    that an earlier list has is not added again.
    """
    entries: list[str] = []
    provenance: list[list[str]] = []
    places: dict[str, list[int]] = {}
    for name, texts in lists:
        added: dict[str, list[int]] = {}
        for text in texts:
            if text in places:
                for place in places[text]:
                    if provenance[place][-1] != name:
                        provenance[place].append(name)
                continue
            if limit is not None and len(entries) >= limit:
                continue
            added.setdefault(text, []).append(len(entries))
            entries.append(text)
            provenance.append([name])
        places |= added
    return entries, ["+".join(names) for names in provenance]


def entries_table(entries: Sequence[str], provenance: Sequence[str], audit: MatcherAudit) -> pa.Table:
    """The `ENTRIES` table of a list, later stages' columns null. What the audit found becomes `status` and `fault`.

    `dead` keywords are matched by no caption, or are empty; `duplicate` ones repeat the text of an earlier one, and
    `shadowed` ones another text that normalising makes equal: both match where the earlier one does. The others are
    `live`; they too have a `fault` where their own text does not match them.
    """
    status = np.full(len(entries), "live", dtype=object)
    fault = np.full(len(entries), None, dtype=object)
    for word, cases in (("duplicate", audit.duplicates), ("shadowed", audit.shadowed)):
        for same in cases:
            status[same.entry], fault[same.entry] = word, same.fault
    for dead in audit.dead:
        fault[dead.entry] = dead.fault
        if dead.still_found_in is None or dead.text == "":
            status[dead.entry] = "dead"
    try:
        texts = pa.array(list(entries), pa.large_string())
    except UnicodeEncodeError:
        raise InputError("an entry holds a lone surrogate, which UTF-8 cannot hold; remove it from the list") from None
    columns = {
        "entry": pa.array(np.arange(len(entries), dtype=np.uint32)),
        "text": texts,
        "provenance": pa.array(list(provenance), pa.string()),
        "status": pa.array(status, pa.string()),
        "fault": pa.array(fault, pa.string()),
    }
    nothing = {field.name: pa.nulls(len(entries), field.type) for field in ENTRIES if field.name not in columns}
    return pa.table({**columns, **nothing}, schema=ENTRIES)

"""`kind: auto`: a source that says only where it lies becomes one of a kind, when the configuration is read."""

import logging
from collections.abc import Mapping

from storage.errors import InputError
from storage.places.local import spelled
from storage.places.place import place

log = logging.getLogger("equipoise.ingest")


def of_a_kind(values: object) -> object:
    """What was given, with the kind and the columns of what lies at its path; what is set beside `auto` holds.

    Raises `ValueError` with one sentence where the path is nothing known.
    """
    if not isinstance(values, Mapping) or values.get("kind") != "auto":
        return values
    where = values.get("path")
    if not isinstance(where, str) or not where:
        raise ValueError("kind: auto needs a path to look at")
    from tasks.ingest.recognition.recognise import recognise  # reads files

    try:
        found = recognise(place(spelled(where)))
    except InputError as error:
        raise ValueError(str(error)) from None
    log.warning("%s is taken for kind: %s (%s)", where, found.kind, "; ".join(found.notes))
    return {**found.settings, **values, "kind": found.kind}

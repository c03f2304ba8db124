"""The templates' surroundings: what they print is escaped, and a name that does not exist is an error."""

import sys
from contextlib import suppress
from importlib.util import cache_from_source
from pathlib import Path

from jinja2 import Environment, FileSystemBytecodeCache, PackageLoader, StrictUndefined
from jinja2.bccache import Bucket

from tasks.reporting.inputs.untrusted import displayed
from tasks.reporting.page import formats

FILTERS = {
    "displayed": displayed,
    "metric": formats.metric_name,
    "share": formats.share,
    "points": formats.points,
    "bounds": formats.bounds,
    "signed": formats.signed_bounds,
    "change": formats.change,
    "integer": formats.integer,
    "number": formats.number,
    "digits": formats.digits,
    "two": formats.two_digits,
    "compact": formats.compact,
    "ordinal": formats.ordinal,
    "width": formats.width,
}


class BesideByteCode(FileSystemBytecodeCache):
    """Compiled templates, kept where Python keeps byte code; a template that cannot be kept is compiled every time.

    An entry names Python's version, jinja's and the hash of the template's text, so that no other one is taken for it.
    """

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep a compiled template, where byte code would be written too."""
        if not sys.dont_write_bytecode:
            with suppress(OSError):
                super().dump_bytecode(bucket)


def environment() -> Environment:
    """Templates of the package `tasks.reporting`, with the filters that they use."""
    loaded = Environment(
        loader=PackageLoader("tasks.reporting", ""),
        autoescape=True,
        undefined=StrictUndefined,
        bytecode_cache=BesideByteCode(str(Path(cache_from_source(__file__)).parent)),
    )
    loaded.filters |= FILTERS
    return loaded

"""The templates' surroundings: what they print is escaped, and a name that does not exist is an error."""

from jinja2 import Environment, PackageLoader, StrictUndefined

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


def environment() -> Environment:
    """Templates of the package `tasks.reporting`, with the filters that they use."""
    loaded = Environment(loader=PackageLoader("tasks.reporting", ""), autoescape=True, undefined=StrictUndefined)
    loaded.filters |= FILTERS
    return loaded

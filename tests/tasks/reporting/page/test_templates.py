"""The templates' surroundings."""

import pytest
from jinja2 import UndefinedError

from tasks.reporting.page.templates import FILTERS, environment


def test_what_is_printed_is_escaped_and_what_does_not_exist_is_an_error() -> None:
    made = environment()
    assert made.from_string("{{ text }}").render(text="<b>") == "&lt;b&gt;"
    with pytest.raises(UndefinedError):
        made.from_string("{{ nothing }}").render()


def test_the_filters_are_there() -> None:
    assert environment().filters.keys() >= FILTERS.keys()
    assert environment().from_string("{{ 0.5 | share }}").render() == "50.0"

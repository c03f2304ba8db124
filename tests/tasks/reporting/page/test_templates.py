"""The templates' surroundings."""

from pathlib import Path

import pytest
from jinja2 import DictLoader, Environment, UndefinedError

from tasks.reporting.page.templates import FILTERS, BesideByteCode, environment


def test_what_is_printed_is_escaped_and_what_does_not_exist_is_an_error() -> None:
    made = environment()
    assert made.from_string("{{ text }}").render(text="<b>") == "&lt;b&gt;"
    with pytest.raises(UndefinedError):
        made.from_string("{{ nothing }}").render()


def test_the_filters_are_there() -> None:
    assert environment().filters.keys() >= FILTERS.keys()
    assert environment().from_string("{{ 0.5 | share }}").render() == "50.0"


def rendered(folder: Path, text: str) -> str:
    made = Environment(loader=DictLoader({"page": text}), autoescape=True, bytecode_cache=BesideByteCode(str(folder)))
    return made.get_template("page").render()


def test_a_compiled_template_is_kept_and_a_changed_one_is_not_taken_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.dont_write_bytecode", False)
    assert rendered(tmp_path, "one") == "one" and len(list(tmp_path.iterdir())) == 1
    kept = next(tmp_path.iterdir()).read_bytes()
    assert rendered(tmp_path, "one") == "one" and next(tmp_path.iterdir()).read_bytes() == kept
    assert rendered(tmp_path, "two") == "two"


def test_where_nothing_can_be_kept_templates_are_compiled_every_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.dont_write_bytecode", False)
    assert rendered(tmp_path / "absent", "one") == "one"
    monkeypatch.setattr("sys.dont_write_bytecode", True)
    assert rendered(tmp_path, "one") == "one" and not list(tmp_path.iterdir())

"""A study's files: `index.html`, which is one file and loads nothing, `numbers.json`, and figures as SVG and PNG."""

import io
import json
from collections.abc import Mapping
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from matplotlib.figure import Figure
from pydantic import JsonValue

from storage.config import Config
from tasks.reporting.inputs.untrusted import displayed
from tasks.reporting.page.render import STYLESHEET
from tasks.reporting.page.svg import NARROW, WIDE, drawing, inlined, to_svg
from tasks.studies.config import EDITIONS, StudyConfig
from tasks.studies.page.content import StudyPage
from tasks.studies.stats import StudyStats

DOTS = 200
"""Of a PNG, an inch."""


def write_study(page: StudyPage, config: StudyConfig, output: Path, *, software: Mapping[str, str]) -> StudyStats:
    """Write a study's page, numbers and figures.

    Args:
        page: what it says.
        config: with which configuration.
        output: the folder; `figures/NAME.svg` and `.png` go below it.
        software: versions of the packages that decide results.
    """
    (output / "figures").mkdir(parents=True)
    inline = {}
    for name, each in page.figures.items():
        with drawing():
            figure = each.draw(WIDE)
            svg, png, narrow = to_svg(figure), to_png(figure), to_svg(each.draw(NARROW))
        (output / "figures" / f"{name}.svg").write_text(svg, encoding="utf-8", newline="\n")
        (output / "figures" / f"{name}.png").write_bytes(png)
        inline[name] = {
            "wide": Markup(inlined(svg, name)),
            "narrow": Markup(inlined(narrow, f"{name}-narrow")),
            "caption": each.caption,
        }
    settings = _settings(config)
    numbers: dict[str, JsonValue] = {
        "study": page.name,
        "edition": config.edition,
        "title": page.title,
        "question": page.question,
        "answer": list(page.answer),
        "method": list(page.method),
        "limits": list(page.limits),
        "configuration": settings,
        "software": dict(software),
        "numbers": dict(page.numbers),
    }
    (output / "numbers.json").write_text(dumped(numbers), encoding="utf-8", newline="\n")
    html = _environment().get_template("page/study.html.j2").render(
        page=page,
        edition=EDITIONS[config.edition],
        figures=inline,
        stylesheet=Markup(STYLESHEET.read_text(encoding="utf-8")),
        settings=dumped(settings),
        software=", ".join(f"{name} {version}" for name, version in software.items()),
    )  # fmt: skip
    (output / "index.html").write_text(html, encoding="utf-8", newline="\n")
    return StudyStats(title=page.title, edition=config.edition, answer=tuple(page.answer), figures=len(page.figures))


def to_png(figure: Figure) -> bytes:
    """The figure on white, without date or program version."""
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=DOTS, facecolor="white", metadata={"Software": None})
    return stream.getvalue()


def dumped(value: JsonValue) -> str:
    """Strict JSON: a number that is not finite is an error."""
    return json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _settings(config: Config) -> JsonValue:
    settings: JsonValue = config.model_dump(mode="json")
    return settings


def _environment() -> Environment:
    made = Environment(loader=PackageLoader("tasks.studies", ""), autoescape=True, undefined=StrictUndefined)
    made.filters["displayed"] = displayed
    return made

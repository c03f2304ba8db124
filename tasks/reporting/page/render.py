"""The page: content to one self-contained HTML file."""

import math
from collections.abc import Mapping, Sequence

from jinja2 import DictLoader, Environment, StrictUndefined, Template
from markupsafe import Markup

from tasks.evaluation.intervals import Interval
from tasks.reporting.inputs.untrusted import displayed
from tasks.reporting.page.stylesheet import STYLESHEET
from tasks.reporting.page.svg import VARIABLES, inlined, variant_colours
from tasks.reporting.page.template import MACROS, PAGE, SECTIONS
from tasks.reporting.page.template_geometry import CARDS, NO_GEOMETRY
from tasks.reporting.report import Drawing, Report, TrainingRow
from tasks.reporting.sections.scores import Difference, Summary
from tasks.reporting.sections.sentences import bounds, metric_name, points, verdict

MISSING = "–"


def render(report: Report) -> str:
    """`report.html`: no script, no request, every value escaped."""
    benchmarks: dict[str, list[Summary]] = {}
    extras: dict[str, list[str]] = {}
    for each in report.summaries:
        benchmarks.setdefault(each.benchmark, []).append(each)
    for name, group in benchmarks.items():
        extras[name] = _telling_metrics(group)
    pairs: dict[tuple[str, str], list[Difference]] = {}
    for difference in report.differences:
        pairs.setdefault((difference.variant, difference.reference), []).append(difference)
    trainings: dict[str, dict[str, list[TrainingRow]]] = {}
    for row in report.training:
        trainings.setdefault(row.stage, {}).setdefault(row.variant, []).append(row)
    sections = {name: template for name, (_, template) in SECTIONS.items()}
    return page_template(sections if report.geometry else sections | {"geometry": NO_GEOMETRY}).render(
        report=report,
        sections=_sections(report),
        benchmarks=list(benchmarks.items()),
        extras=extras,
        trainings=trainings,
        pairs=pairs,
        colours=_colours(report),
        widest=max((station.rows for station in report.stations), default=1),
        stylesheet=Markup(STYLESHEET),
        drawings=inline_drawings(report.drawings),
    )


def page_template(sections: Mapping[str, str]) -> Template:
    """The page around templates of its sections; what they print is escaped."""
    environment = Environment(
        loader=DictLoader(
            {"page": "{% import 'macros' as m with context %}" + PAGE, "macros": MACROS, "cards": CARDS}
            | dict(sections)
        ),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=False,
    )
    environment.filters |= {
        "displayed": displayed,
        "metric": metric_name,
        "share": _share,
        "points": points,
        "verdict": verdict,
        "bounds": lambda interval: _interval(interval, signed=False),
        "signed": lambda interval: _interval(interval, signed=True),
        "integer": _integer,
        "number": _number,
        "compact": _compact,
        "digits": _digits,
        "two": lambda value: _digits(value, 2),
        "change": _change,
        "ordinal": _ordinal,
        "width": lambda rows, widest: f"{100 * rows / max(1, widest):.2f}",
    }
    return environment.get_template("page")


def inline_drawings(drawings: Mapping[str, Drawing]) -> dict[str, dict[str, str]]:
    """Figures as the page's macro takes them."""
    return {
        name: {"inline": Markup(inlined(drawing.svg, name)), "description": drawing.description}
        for name, drawing in drawings.items()
    }


def _telling_metrics(group: Sequence[Summary]) -> list[str]:
    """Other metrics worth a column: there for every variant, and not the primary one over again."""

    def telling(name: str) -> bool:
        values = [each.metrics.get(name) for each in group]
        return all(
            value is not None and name != each.metric for value, each in zip(values, group, strict=True)
        ) and any(_share(value) != _share(each.mean) for value, each in zip(values, group, strict=True))

    return [name for name in group[0].metrics if telling(name)]


def _sections(report: Report) -> list[tuple[str, str]]:
    present = {
        "scores": bool(report.summaries),
        "training": bool(report.training),
        "examples": bool(report.examples),
    }
    return [(name, title) for name, (title, _) in SECTIONS.items() if present.get(name, True)]


def _colours(report: Report) -> Mapping[str, str]:
    names = [*(each.variant for each in report.summaries), *(row.variant for row in report.training)]
    return {name: VARIABLES[colour] for name, colour in variant_colours(list(dict.fromkeys(names))).items()}


def _share(value: float | None) -> str:
    return MISSING if value is None else f"{100 * value:.1f}"


def _change(gain: tuple[float, float, float]) -> str:
    """A relative change with its interval, and whether it can be told from none."""
    value, low, high = (points(each) for each in gain)
    verdict = "" if gain[1] > 0 or gain[2] < 0 else ", not distinguishable from no change"
    return f"{value} % [{low}, {high}]{verdict}"


def _ordinal(number: int | None) -> str:
    if number is None:
        return "last listed"
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def _interval(interval: Interval | None, *, signed: bool) -> str:
    return MISSING if interval is None else bounds(interval, signed=signed)


def _integer(value: object) -> str:
    return f"{value:,.0f}" if isinstance(value, int | float) else MISSING


def _number(value: object) -> str:
    if not isinstance(value, int | float) or not math.isfinite(value):
        return MISSING
    text = f"{value:.3g}" if abs(value) < 0.01 and value != 0 else f"{value:.3f}"
    return text.replace("-", "−")


def _digits(value: object, digits: int = 4) -> str:
    """Significant digits: four for numbers whose differences matter, two for small shares."""
    if not isinstance(value, int | float) or not math.isfinite(value):
        return MISSING
    return f"{value:.{digits}g}".replace("-", "−")


def _compact(value: object) -> str:
    if not isinstance(value, int | float) or not math.isfinite(value):
        return MISSING
    return (f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}").replace("-", "−")

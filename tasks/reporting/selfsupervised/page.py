# ruff: noqa: E501 - some lines are HTML
"""The page and the summary of a self-supervised experiment."""

from dataclasses import asdict

from markupsafe import Markup
from pydantic import JsonValue

from tasks.reporting.page.render import inline_drawings, page_template
from tasks.reporting.page.stylesheet import STYLESHEET
from tasks.reporting.page.svg import VARIABLES, variant_colours
from tasks.reporting.page.template import REPRODUCE
from tasks.reporting.sections.scores import Summary
from tasks.reporting.selfsupervised.content import SelfSupervisedReport
from tasks.reporting.summary import deltas_json, finite_json, variants_json

SCORES = """
<p>What the backbone's features are worth, frozen: to a linear classifier whose penalty was chosen on a held-out part of
the training pictures, and to the nearest training pictures. <em>Untrained</em> is the same network with the random
weights that it began from: what it scores is the pictures’ doing and the architecture’s.</p>
{{ m.figure("scores", "Every dot is one training seed, the bar their mean, the line the interval of the mean over seeds; dotted, the level of guessing.") }}
{% for benchmark, group in benchmarks.items() %}
<h3>{{ benchmark }}: mean per-class recall</h3>
<div class="scroll"><table>
<thead><tr><th>network</th><th class="n">mean, %</th><th class="n">over seeds</th><th class="n">over images</th><th class="n">top-1, %</th><th>each seed, %</th></tr></thead>
<tbody>{% for each in group %}<tr><th scope="row">{{ m.dot(each.variant) }}{{ m.name(each.variant) }}</th>
<td class="n main">{{ each.mean | share }}</td><td class="n">{{ each.over_seeds | bounds }}</td><td class="n">{{ each.over_images | bounds }}</td>
<td class="n">{{ each.metrics["acc1"] | share }}</td>
<td class="seeds">{% for seed, value in each.seeds %}{{ value | share }}{{ " · " if not loop.last }}{% endfor %}</td></tr>
{% endfor %}</tbody></table></div>
<p class="quiet">{{ group[0].images | integer }} test images of {{ group[0].choices }} classes. Over seeds: t interval of the mean over trainings, images fixed. Over images: bootstrap, models fixed.</p>
{% endfor %}
<h3>The linear probes</h3>
<div class="scroll"><table>
<thead><tr><th>network</th><th class="n">seed</th><th class="n">penalty chosen</th><th>converged</th><th class="n">effective rank of features</th></tr></thead>
<tbody>{% for run, stats in report.probes %}<tr><th scope="row">{{ m.name(run.variant) }}</th><td class="n">{{ run.seed }}</td>
<td class="n">{{ stats["penalty"] | number }}{{ ", the edge of those tried" if stats["penalty_at_edge"] }}</td><td>{{ "yes" if stats["converged"] else "no" }}</td><td class="n">{{ stats["effective_rank"] | compact }}</td></tr>
{% endfor %}</tbody></table></div>
"""

TRAINING = """
{{ m.figure("training", "Moving averages over 2 % of the run; every line is one seed. Spread near 0 is a collapse to a point, few effective directions a collapse of dimensions.") }}
<div class="scroll"><table>
<thead><tr><th>seed</th><th class="n">steps</th><th class="n">loss</th><th class="n">distance of views</th><th class="n">mean norm</th><th class="n">tree / n</th><th class="n">directions</th><th class="n">spread</th></tr></thead>
<tbody>{% for end in report.ends %}<tr><th scope="row">{{ end.seed }}</th><td class="n">{{ end.steps | integer }}</td><td class="n">{{ end.loss | number }}</td>
{% for value in end.measures.values() %}<td class="n">{{ value | compact }}</td>{% endfor %}</tr>
{% endfor %}</tbody></table></div>
<p class="quiet">Means over the last 20 steps, of the first view of every picture. Directions: the participation ratio of a batch’s covariance.</p>
"""

SECTIONS = {
    "scores": ("Features", SCORES),
    "training": ("Training", TRAINING),
    "reproduce": ("How to reproduce", REPRODUCE),
}


def render_selfsupervised(report: SelfSupervisedReport) -> str:
    """`report.html`: no script, no request, every value escaped."""
    benchmarks: dict[str, list[Summary]] = {}
    for each in report.summaries:
        benchmarks.setdefault(each.benchmark, []).append(each)
    colours = variant_colours(list(dict.fromkeys(each.variant for each in report.summaries)))
    return page_template({name: template for name, (_, template) in SECTIONS.items()}).render(
        report=report,
        sections=[(name, title) for name, (title, _) in SECTIONS.items()],
        benchmarks=benchmarks,
        colours={name: VARIABLES[colour] for name, colour in colours.items()},
        stylesheet=Markup(STYLESHEET),
        drawings=inline_drawings(report.drawings),
    )


def selfsupervised_summary(report: SelfSupervisedReport) -> dict[str, JsonValue]:
    """`summary.json`: scores, differences and where the trainings ended."""
    return {
        "title": report.title,
        "headline": report.headline,
        "variants": variants_json(report.summaries),
        "deltas": deltas_json(report.differences),
        "probes": [
            {"variant": run.variant, "seed": run.seed, "stats": finite_json(stats)} for run, stats in report.probes
        ],
        "training": [finite_json(asdict(end)) for end in report.ends],
    }

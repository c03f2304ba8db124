# ruff: noqa: E501 - the lines are HTML
"""The report's HTML, by section. It stands in a Python file so that the stage's fingerprint sees every change of it.

Every value is escaped by jinja2. Text of other people goes through `displayed` too, inside `<bdi>`.
"""

from tasks.reporting.page.template_geometry import GEOMETRY, SCREENING

MACROS = """
{%- macro figure(name, caption) -%}
{%- if name in drawings %}
<figure role="group" aria-label="{{ drawings[name].description }}">
{{ drawings[name].inline }}
<figcaption>{{ caption }}</figcaption>
</figure>
{%- endif %}
{%- endmacro -%}
{%- macro name(text, limit=28) -%}<bdi>{{ text | displayed(limit) }}</bdi>{%- endmacro -%}
{%- macro dot(variant) -%}<span class="dot" style="background:var(--{{ colours[variant] }})"></span>{%- endmacro -%}
"""

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>{{ report.title | displayed(120) }}: report</title>
<style>{{ stylesheet }}</style>
</head>
<body>
<header>
<p class="kind">Equipoise report</p>
<h1>{{ m.name(report.title, 120) }}</h1>
<p class="headline">{{ report.headline | displayed(900) }}</p>
{% if report.differences %}<p class="quiet">{{ report.caution }}</p>{% endif %}
<dl class="facts">
{% for value, label in report.facts %}<div><dt>{{ label }}</dt><dd>{{ value }}</dd></div>
{% endfor %}</dl>
<nav aria-label="Sections">
{% for id, title in sections %}<a href="#{{ id }}">{{ title }}</a>
{% endfor %}</nav>
</header>
<main>
{% for id, title in sections %}
<section id="{{ id }}">
<h2>{{ title }}</h2>
{% include id %}
</section>
{% endfor %}
</main>
<footer>Captions, keywords and images belong to their sources; they are shown as found, with invisible characters spelled
out. This page is one file: it loads nothing and runs no script. The same numbers are in <code>summary.json</code>, the
figures in <code>figures/</code>.</footer>
</body>
</html>
"""

SCORES = """
<p>Zero-shot scores on held-out test sets. Variants of one kind had the same training budget, so none wins by being trained
longer; <em>random</em> is a uniform subset of the balanced set’s effective size, so that a gain over it is not one of size.</p>
{{ m.figure("scores", "Every dot is one training seed, the bar their mean, the line the interval of the mean over seeds; dotted, the level of guessing.") }}
{% for benchmark, group in benchmarks %}
<h3>{{ m.name(benchmark) }}: {{ group[0].metric | metric }}</h3>
<div class="scroll"><table>
<thead><tr><th>variant</th><th class="n">mean, %</th><th class="n">over seeds</th><th class="n">over images</th>
{%- for extra in extras[benchmark] %}<th class="n">{{ extra | metric }}</th>{% endfor %}<th>each seed, %</th></tr></thead>
<tbody>
{% for each in group %}<tr><th scope="row">{{ m.dot(each.variant) }}{{ m.name(each.variant) }}</th>
<td class="n main">{{ each.mean | share }}</td>
<td class="n">{{ each.over_seeds | bounds }}</td><td class="n">{{ each.over_images | bounds }}</td>
{%- for extra in extras[benchmark] %}<td class="n">{{ each.metrics[extra] | share }}</td>{% endfor %}
<td class="seeds">{% for seed, value in each.seeds %}{{ value | share }}{{ " · " if not loop.last }}{% endfor %}</td></tr>
{% endfor %}</tbody></table></div>
<p class="quiet">{{ group[0].images | integer }} test images
{%- if group[0].chance %} of {{ group[0].choices }} classes; guessing evenly gives {{ group[0].chance | share }} %{% endif %}.
{% if group[0].seeds | length > 1 %}Over seeds: t interval of the mean of {{ group[0].seeds | length }} trainings, images fixed.
{% else %}One seed: no interval over trainings.{% endif %} Over images: bootstrap, models fixed.</p>
{% if group[0].recalls %}<details><summary>Recall of each class</summary>
<div class="scroll"><table><thead><tr><th>class</th>{% for each in group %}<th class="n">{{ m.name(each.variant) }}</th>{% endfor %}</tr></thead>
<tbody>{% for class in group[0].classes %}<tr><th scope="row">{{ m.name(class) }}</th>
{%- set row = loop.index0 %}{% for each in group %}<td class="n">{{ each.recalls[row] | share }}</td>{% endfor %}</tr>
{% endfor %}</tbody></table></div></details>{% endif %}
{% endfor %}
{% if report.differences %}
<h3>Differences</h3>
{{ m.figure("differences", "Differences paired by seed. Dots are seeds, the diamond their mean, the line the interval; grey where it includes zero.") }}
<div class="scroll"><table>
<thead><tr><th>difference</th><th class="n">mean, points</th><th class="n">over seeds</th>
<th class="n">over images</th><th>each seed</th><th>verdict</th></tr></thead>
<tbody>{% for pair, group in pairs.items() %}<tr class="group"><th scope="rowgroup" colspan="6">{{ m.name(pair[0]) }} − {{ m.name(pair[1]) }}</th></tr>
{% for each in group %}<tr{% if each.distinguishable %} class="clear"{% endif %}><th scope="row">{{ m.name(each.benchmark) }}</th>
<td class="n main">{{ each.mean | points }}</td>
<td class="n">{{ each.over_seeds | signed }}</td><td class="n">{{ each.over_images | signed }}</td>
<td class="seeds">{% for seed, value in each.seeds %}{{ value | points }}{{ " · " if not loop.last }}{% endfor %}</td>
<td>{{ each | verdict }}</td></tr>
{% endfor %}{% endfor %}</tbody></table></div>
<p class="quiet">The verdict rests on the interval over seeds where there are at least two, else on that over images.</p>
{% endif %}
"""

ROWS = """
<p>Where every row went. Nothing is dropped without a reason.</p>
<div class="scroll"><table>
<thead><tr><th>station</th><th class="n">rows</th><th></th><th>meaning</th></tr></thead>
<tbody>{% for station in report.stations %}
{% for loss in station.losses %}<tr class="sub"><th scope="row">{{ m.name(loss.reason, 60) }}</th><td class="n">−{{ loss.rows | integer }}</td><td></td><td></td></tr>
{% endfor %}<tr><th scope="row">{{ station.name }}</th><td class="n main">{{ station.rows | integer }}</td>
<td><div class="bar"><i style="width:{{ station.rows | width(widest) }}%"></i></div></td><td class="quiet">{{ station.meaning }}</td></tr>
{% endfor %}</tbody></table></div>
{% if report.sources %}<p class="quiet">Sources: {% for source in report.sources %}{{ m.name(source, 120) }}{{ "; " if not loop.last }}{% endfor %}.</p>{% endif %}
"""

MARGINALS = """
<p>How often each keyword occurs, before and after. The target is what was asked for; <em>realised</em> is what the
selected captions in fact hold, repeats included, and is the number that counts.</p>
{{ m.figure("marginals", "Beside each keyword, the number of captions that hold it. A thread leads from where its share was to where it came.") }}
{% if report.distances %}<div class="scroll"><table>
<thead><tr><th>marginal</th><th class="n">total variation from target</th><th class="n">KL, nats</th>
<th class="n">largest / smallest share</th><th class="n">keywords lost</th></tr></thead>
<tbody>{% for each in report.distances %}<tr><th scope="row">{{ each.name }}</th><td class="n main">{{ each.total_variation | number }}</td>
<td class="n">{{ each.kl | number }}</td><td class="n">{{ each.imbalance | compact }}</td><td class="n">{{ each.missing | integer }}</td></tr>
{% endfor %}</tbody></table></div>{% endif %}
<div class="scroll"><table>
<thead><tr><th>price of balancing</th><th class="n">weights</th><th class="n">selection</th></tr></thead>
<tbody><tr><th scope="row">pairs</th><td class="n">{{ report.balancing.matched | integer }}</td><td class="n">{{ report.selection.size | integer }}</td></tr>
<tr><th scope="row">effective sample size (Kish)</th><td class="n">{{ report.balancing.effective_sample_size | integer }}</td><td class="n">{{ report.selection.effective_sample_size | integer }}</td></tr>
<tr><th scope="row">design effect</th><td class="n">{{ report.balancing.design_effect | number }}</td><td class="n">–</td></tr>
<tr><th scope="row">repeats</th><td class="n">–</td><td class="n">{{ report.selection.duplicates | integer }}</td></tr>
</tbody></table></div>
<p class="quiet">Effective sample size: as many equally weighted pairs would estimate a mean as precisely.</p>
"""

CONVERGENCE = """
<p>{{ report.convergence | displayed(600) }}</p>
{{ m.figure("convergence", "Distance of both margins from their targets after each half step; fitting one side exactly disturbs the other.") }}
{% if report.infeasible %}<h3>What stands in the way</h3>
<p>These sets of keywords cannot meet their targets, whatever the weights:</p>
<ul class="plain">{% for sentence in report.infeasible %}<li>{{ m.name(sentence, 400) }}</li>{% endfor %}</ul>{% endif %}
"""

TRAINING = """
{% for stage, variants in trainings.items() %}
{% set regularised = variants.values() | sum(start=[]) | rejectattr("predicted_norm", "none") | list %}
{% if trainings | length > 1 %}<h3>{{ {"train": "From scratch", "finetune": "Fine-tuning", "train_heads": "Heads on frozen embeddings"}.get(stage, stage) }}</h3>{% endif %}
{{ m.figure("training-" ~ stage, "Moving averages over 2 % of the run; every line is one seed. A lower loss on other data is not a better model: only the scores compare variants.") }}
<div class="scroll"><table>
<thead><tr><th>variant</th><th class="n">seeds</th><th class="n">steps</th><th class="n">examples seen</th><th class="n">different</th>
<th class="n">passes</th><th>final loss, each seed</th></tr></thead>
<tbody>{% for variant, rows in variants.items() %}{% set row = rows[0] %}<tr><th scope="row">{{ m.dot(variant) }}{{ m.name(variant) }}</th><td class="n">{{ rows | length }}</td>
<td class="n">{{ row.steps | integer }}</td><td class="n">{{ row.examples_seen | integer }}</td><td class="n">{{ row.distinct | integer }}</td>
<td class="n">{{ (row.examples_seen / row.distinct) | compact if row.examples_seen and row.distinct else "–" }}</td>
<td class="seeds">{% for each in rows %}{{ each.final_loss | number }}{{ " · " if not loop.last }}{% endfor %}</td></tr>
{% endfor %}</tbody></table></div>
{% if regularised %}<div class="scroll"><table>
<thead><tr><th>variant</th><th class="n">norm, images</th><th class="n">norm, texts</th><th class="n">norm at rest</th></tr></thead>
<tbody>{% for variant, rows in variants.items() %}{% set row = rows[0] %}<tr><th scope="row">{{ m.dot(variant) }}{{ m.name(variant) }}</th><td class="n">{{ row.image_norm | number }}</td><td class="n">{{ row.text_norm | number }}</td><td class="n">{{ row.predicted_norm | number }}</td></tr>
{% endfor %}</tbody></table></div>
<p class="quiet">Norm at rest: where T-REG would let the norms settle, 1 + γ √(2 (n − 1) / n) / 2λ for batches of n, given steps and
dimensions enough. The others are means over the last 20 steps of the first seed.</p>{% endif %}
{% endfor %}
"""

EXAMPLES = """
{% for group in report.examples %}
<h3>{{ group.title }}</h3>
<p class="quiet">{{ group.total | integer }} in all; {{ group.meaning }}.</p>
<div class="cards">{% for each in group.examples %}
<article class="card"><div class="frame">{% if each.image %}<img src="{{ each.image }}" alt=""{% if each.pixelated %} class="pixels"{% endif %}>{% else %}no image{% endif %}</div>
<p class="caption"><bdi>{{ each.caption | displayed }}</bdi></p>
<p class="numbers">{% if each.multiplicity %}× {{ each.multiplicity }}{% else %}not kept{% endif %}{% if each.weight is not none %}, weight {{ each.weight | number }}{% endif %}</p>
<p class="numbers">{% for keyword in each.keywords[:6] %}<span class="keyword"><bdi>{{ keyword | displayed(28) }}</bdi></span>{% endfor %}
{%- if each.keywords | length > 6 %} and {{ each.keywords | length - 6 }} more{% endif %}</p>
<p class="numbers"><code>{{ each.identity }}</code></p></article>
{% endfor %}</div>
{% endfor %}
<p class="quiet">The number under a pair is its id: <code>equipoise explain CONFIG ID</code> tells its whole story.</p>
"""

AUDIT = """
<p>{{ report.keywords.entries | integer }} entries in the metadata list{% for kind, count in report.keywords.items() if kind != "entries" and count %}{{ ", " }}{{ count | integer }} {{ kind }}{% endfor %}.</p>
{% for group in report.audit %}<h3>{{ group.title }}: {{ group.total | integer }}</h3>
<ul class="plain">{% for text, reason in group.entries %}<li>{{ m.name(text, 60) }}: <span class="quiet">{{ reason | displayed(160) }}</span></li>{% endfor %}
{%- if group.total > group.entries | length %}<li class="quiet">and {{ (group.total - group.entries | length) | integer }} more, in <code>audit.json</code> of the metadata stage</li>{% endif %}</ul>
{% else %}<p>No dead, duplicate or shadowed entry was found.</p>{% endfor %}
"""

REPRODUCE = """
<p>The same configuration, inputs and versions give the same bytes, whatever the number of workers or shards:
<code>equipoise run CONFIG</code>. Every random draw is a hash of a seed below and the row’s own id.</p>
{% for record in report.records %}<details><summary>{{ record.stage }}{% if record.runs > 1 %} × {{ record.runs }}{% endif %}</summary>
<div class="scroll"><table><tbody>{% for parameter, value in record.parameters %}<tr><th scope="row"><code>{{ parameter | displayed(120) }}</code></th><td>{{ m.name(value, 400) }}</td></tr>
{% endfor %}<tr><th scope="row">content</th><td>{% for digest in record.digests %}<code>{{ digest[:16] }}</code> {% endfor %}</td></tr></tbody></table></div></details>
{% endfor %}
<details><summary>Versions</summary><div class="scroll"><table><tbody>
{% for package, version in report.software %}<tr><th scope="row">{{ package }}</th><td>{{ version }}</td></tr>
{% endfor %}</tbody></table></div></details>
"""

# Section id → (heading, its template).
SECTIONS = {
    "scores": ("Scores", SCORES),
    "rows": ("Rows in and out", ROWS),
    "screening": ("Repeats and leaks", SCREENING),
    "marginals": ("Keyword marginals", MARGINALS),
    "convergence": ("Convergence", CONVERGENCE),
    "training": ("Training", TRAINING),
    "geometry": ("Geometry", GEOMETRY),
    "examples": ("Examples", EXAMPLES),
    "audit": ("Matcher audit", AUDIT),
    "reproduce": ("How to reproduce", REPRODUCE),
}

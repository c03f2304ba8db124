# ruff: noqa: E501 - the lines are HTML
"""The report's HTML on repetitions, leaks and the lie of the embedded pairs. The rest is in `template`."""

CARDS = """
{%- macro frame(picture) -%}
<div class="frame">{% if picture.image %}<img src="{{ picture.image }}" alt=""{% if picture.pixelated %} class="pixels"{% endif %}>{% else %}no image{% endif %}</div>
{%- endmacro -%}
{%- macro groups(found, first) -%}
<div class="kins">{% for group in found %}
<article class="kin"><div class="cases">
<div class="card first">{{ frame(group.kept) }}
<p class="caption"><bdi>{{ group.kept.caption | displayed(90) }}</bdi></p>
<p class="numbers">{{ first }} <code>{{ group.kept.identity }}</code></p></div>
{% for other in group.others %}<div class="card">{{ frame(other) }}
<p class="caption"><bdi>{{ other.caption | displayed(90) }}</bdi></p>
<p class="numbers"><code>{{ other.identity }}</code></p></div>
{% endfor %}</div><p class="numbers">{{ group.reasons | join(", ") }}; {{ group.rows | integer }} in all{% if group.rows > group.others | length + 1 %}, {{ group.others | length + 1 }} shown{% endif %}</p>
</article>
{% endfor %}</div>
{%- endmacro -%}
"""

SCREENING = """
{% import 'cards' as c with context %}
{% set s = report.screening %}
{% if s.repetitions or s.leakages %}
<p>Looked for among the {{ s.rows | integer }} ingested pairs, before anything was balanced{% if s.tree or s.leakages %}; pictures were compared by {{ s.encoder }}{% endif %}.
{% if s.remaining is none %}Nothing was dropped: the configuration asks only for a report.
{% else %}{{ s.dropped | integer }} rows were dropped and {{ s.remaining | integer }} went on; each of the dropped is in <code>rejected.parquet</code> with its reason and the id kept in its stead.{% endif %}</p>
{% if s.reasons %}<div class="scroll"><table>
<thead><tr><th>why a row was dropped</th><th class="n">rows</th><th class="n">of all, %</th></tr></thead>
<tbody>{% for reason, rows in s.reasons.items() %}<tr><th scope="row">{{ m.name(reason, 60) }}</th><td class="n main">{{ rows | integer }}</td><td class="n">{{ (100 * rows / s.rows) | two }}</td></tr>
{% endfor %}</tbody></table></div>{% endif %}
{% endif %}
<h3>Repetitions</h3>
{% if s.repetitions %}{% set r = s.repetitions %}
<p>{% if r.dropped %}{{ r.dropped | integer }} rows repeat one of {{ r.groups | integer }} others{% else %}No row repeats another{% endif %}.
Rows are the same {% if r.content != "none" %}when their {{ {"pair": "image and caption have", "image": "image has", "caption": "caption has"}[r.content] }} equal bytes{% endif %}
{%- if r.near is not none %}{% if r.content != "none" %}, or {% endif %}when a chain of steps no longer than {{ r.near | number }} joins their pictures (vectors of length 1; 0 is the same picture, 1.41 an unrelated one){% endif %}.
Of a group, the row with the lowest id stays, whatever it says.</p>
{% if s.tree %}{{ m.figure("screening", "Every pair is joined to its next of kin by one edge of the spanning tree. What short edges join, left of the dashed line, counts as one picture; a valley there means that the cut does not depend on where exactly it is made. " ~ (("All edges are certified to be the shortest" if s.tree.exact else "The tree is approximate, so that some near-duplicates may have been missed") ~ "."))}}{% endif %}
{% if r.shown %}<p class="quiet">The largest groups of each kind, the kept pair first:</p>
{{ c.groups(r.shown, "kept") }}{% endif %}
{% else %}<p class="quiet">Not looked for: set <code>screening.deduplicate</code> to find rows that repeat another.</p>{% endif %}
<h3>Leaks of the evaluation sets</h3>
{% for leak in s.leakages %}
<h4>{{ m.name(leak.benchmark) }}</h4>
<p>{% if leak.leaks %}{{ leak.leaks | integer }} of {{ leak.rows | integer }} training {{ "captions" if leak.modality == "text" else "pictures" }} lie within {{ leak.distance | number }} of one of the {{ leak.evaluation_rows | integer }} evaluation {{ "captions" if leak.modality == "text" else "pictures" }} and count as leaks; they give away {{ leak.leaked_evaluation_rows | integer }} of them ({{ (100 * leak.leaked_evaluation_rows / leak.evaluation_rows) | two }} %).
{% else %}No training picture lies within {{ leak.distance | number }} of any of the {{ leak.evaluation_rows | integer }} evaluation pictures; the nearest is at {{ leak.nearest | number }}.{% endif %}
{% if leak.captions is none %}Captions were not compared with its prompts.{% else %}{{ leak.captions | integer }} captions repeat a class prompt word for word.{% endif %}
{% if leak.drop == "none" %}All of them stay: <code>drop: none</code>.{% else %}Dropped for it: {{ leak.dropped | integer }} ({{ leak.drop }}).{% endif %}</p>
{% if leak.pairs %}<p class="quiet">Training on the left, evaluation on the right, with their distance: the nearest pairs, those just within the limit, and those just beyond it. Judge by eye whether the limit is right.</p>
<div class="cards duos">{% for pair in leak.pairs %}<article class="card{% if pair.leak %} leak{% endif %}">
<div class="duo">{{ c.frame(pair.training) }}{{ c.frame(pair.evaluation) }}</div>
<p class="numbers"><strong>{{ pair.distance | number }}</strong>{{ " leak" if pair.leak else " no leak" }}</p>
<p class="caption"><bdi>{{ pair.training.caption | displayed(90) }}</bdi></p>
<p class="numbers"><code>{{ pair.training.identity }}</code> | <bdi>{{ pair.evaluation.key | displayed(40) }}</bdi></p></article>
{% endfor %}</div>{% endif %}
{% if leak.prompts %}<div class="scroll"><table>
<thead><tr><th>class prompt</th><th class="n">captions that repeat it</th><th>as written</th></tr></thead>
<tbody>{% for each in leak.prompts %}<tr><th scope="row">{{ m.name(each.prompt, 60) }}</th><td class="n">{{ each.rows | integer }}</td>
<td class="quiet">{% for caption in each.captions %}“{{ m.name(caption, 60) }}”{{ ", " if not loop.last }}{% endfor %}</td></tr>
{% endfor %}</tbody></table></div>{% endif %}
{% else %}<p class="quiet">Not looked for: set <code>screening.leakage</code> to compare the pairs with every benchmark. Until then nobody knows whether the evaluation pictures are among them.</p>{% endfor %}
"""

GEOMETRY = """
{% import 'cards' as c with context %}
<p>How the pairs lie when {{ report.encoder or "an encoder" }} turns each into a vector of length 1. The minimum spanning tree joins all of them
by the shortest total way; long edges mean pairs unlike each other, short ones a set that repeats itself.</p>
<div class="scroll"><table>
<thead><tr><th>variant</th><th class="n">points</th><th class="n">mean edge</th><th class="n">uniformity</th><th class="n">near-duplicates</th><th>the tree</th></tr></thead>
<tbody>{% for row in report.geometry %}<tr><th scope="row">{{ m.name(row.variant) }}</th><td class="n">{{ row.points | integer }}</td>
<td class="n main">{{ row.mean_edge | digits }}</td><td class="n">{{ row.uniformity | digits }}</td><td class="n">{{ row.duplicate_rows | integer }}</td>
<td class="quiet">{% if row.exact is none %}unknown{% elif row.exact %}exact{% else %}approximate{% endif %}
{%- if row.certified is not none %}, {{ row.certified | share }} % of edges certified{% endif %}
{%- if row.exact == false %}; {% if row.excess is none %}excess not estimated{% else %}at most {{ (100 * row.excess) | digits }} % too long{% if row.excess_error %} (± {{ (100 * row.excess_error) | digits }}){% endif %}{% endif %}{% endif %}</td></tr>
{% endfor %}</tbody></table></div>
<p class="quiet">Mean edge and uniformity fall as points are added: between sets of different size, compare the draws of equal size below. Uniformity: mean edge over the edge of a regular
simplex, of points as far apart as can be. Near-duplicates: pairs that could go and leave one like them, within <code>duplicate_distance</code>{% if report.geometry[0].near is not none %} ({% for row in report.geometry %}{{ row.near | digits }}{{ ", " if not loop.last }}{% endfor %}; unless set, what is nearer than chance explains){% endif %}. An edge is certified where it is proved that no
shorter one can take its place.</p>
<div class="scroll"><table>
<thead><tr><th>variant</th><th class="n">intrinsic dimension</th><th class="n">95 % interval</th><th class="n">Rényi entropy, nats</th><th class="n">of order</th></tr></thead>
<tbody>{% for row in report.geometry %}<tr><th scope="row">{{ m.name(row.variant) }}</th>
{% if row.dimension is none %}<td class="n">not measured</td><td class="n">–</td>{% else %}<td class="n main">{{ row.dimension | compact }}</td><td class="n">[{{ row.dimension_low | compact }}, {{ row.dimension_high | compact }}]</td>{% endif %}
{% if row.entropy is none %}<td class="n">not measured</td><td class="n">–</td>{% else %}<td class="n main">{{ row.entropy | compact }}</td><td class="n">{{ row.order | number }}</td>{% endif %}</tr>
{% endfor %}</tbody></table></div>
<p class="quiet">Intrinsic dimension: along how many independent directions the points spread, from how fast the edges shrink as points are added; the interval is that of sampling, and few points (below 128)
give none. Rényi entropy: the logarithm of the volume that the points fill, on a set of that dimension; values compare only where dimensions agree.</p>
{% for row in report.geometry %}{% if row.points and row.duplicate_rows and row.duplicate_rows > row.points / 2 and loop.first %}
<p>More than half of the pairs count as near-duplicates: this encoder puts different pictures closer than <code>duplicate_distance</code>. The count says something about the encoder,
not about the data; choose a smaller distance.</p>{% endif %}{% endfor %}
{{ m.figure("edges", "How long the edges of each tree are. Mass near zero is repetition; a long tail is pairs unlike all others.") }}
<h3>Diversity before and after, at equal size</h3>
{% set compared = report.geometry | selectattr("gain") | list %}
{% if compared %}
<p>As many pairs drawn from each set, several times, and the spanning tree of each draw: {% for row in compared %}{{ "the mean edge of " if loop.first }}{{ m.name(row.variant) }} is {{ row.after.mean_edge | digits }} against {{ row.before.mean_edge | digits }} of all pairs, {{ row.gain | change }}{{ ("; that of " if loop.revindex > 2 else "; and that of ") if not loop.last else "." }}{% endfor %}
Copies of a pair are drawn like pairs of their own and add nothing, so repeating rare pairs costs diversity.</p>
{{ m.figure("diversity", "Grey, all pairs; in colour, the variant. Dots are means over draws, lines 95 % intervals. Draws of two sets share most of their pairs, so the intervals are rather too wide.") }}
<div class="scroll"><table>
<thead><tr><th>variant</th><th class="n">draws</th><th class="n">all pairs</th><th class="n">variant</th><th class="n">change, %</th><th class="n">95 % interval</th><th class="n">repeats, %</th></tr></thead>
<tbody>{% for row in compared %}<tr><th scope="row">{{ m.name(row.variant) }}</th><td class="n">{{ row.after.draws | integer }} of {{ row.after.size | integer }}</td>
<td class="n">{{ row.before.mean_edge | digits }}</td><td class="n">{{ row.after.mean_edge | digits }}</td>
<td class="n main">{{ row.gain[0] | points }}</td><td class="n">[{{ row.gain[1] | points }}, {{ row.gain[2] | points }}]</td><td class="n">{{ row.after.repeated | share }}</td></tr>
{% endfor %}</tbody></table></div>
{% else %}<p class="quiet">Not measured: no variant is a selection of the embedded pairs.</p>{% endif %}
{% if report.density %}{% set d = report.density %}
<h3>How densely concepts lie</h3>
<p>For each keyword, how near the pairs that hold it have their {{ d.neighbours | ordinal }} neighbour, beside the median of all pairs. Left of the line are crowded
concepts, whose pairs resemble each other; right of it sparse ones, diverse or mislabelled. {{ d.measured | integer }} keywords have enough pairs to be measured
{%- if d.sparsest %}; shown are the {{ d.densest | length }} densest and the {{ d.sparsest | length }} sparsest{% endif %}.</p>
{{ m.figure("density", "Beside each keyword, how many of its pairs were measured in " ~ d.variants[0] ~ ". Distances are relative to each variant’s own median, so that variants of different sizes compare.") }}
<details><summary>The same as a table</summary><div class="scroll"><table>
<thead><tr><th>keyword</th>{% for variant in d.variants %}<th class="n">pairs, {{ m.name(variant) }}</th><th class="n">distance</th><th class="n">over median</th>{% endfor %}</tr></thead>
<tbody>{% for each in (d.densest + d.sparsest) %}<tr><th scope="row">{{ m.name(each.text) }}</th>{% for variant in d.variants %}<td class="n">{{ each.rows.get(variant) | integer }}</td><td class="n">{{ each.radius.get(variant) | number }}</td><td class="n">{{ each.relative.get(variant) | number }}</td>{% endfor %}</tr>
{% endfor %}</tbody></table></div></details>
{% else %}<p class="quiet">Density of concepts: not measured.</p>{% endif %}
{% if report.alike %}<h3>Near-duplicates that are left</h3>
<p class="quiet">Groups of {{ report.geometry[0].variant }} pairs that {{ report.encoder or "the encoder" }} puts within {% if report.geometry[0].near is not none %}{{ report.geometry[0].near | digits }}{% else %}<code>duplicate_distance</code>{% endif %} of each other; the largest, whose first pair has the lowest id. Nothing was dropped for this.</p>
{{ c.groups(report.alike, "lowest id") }}{% endif %}
"""

NO_GEOMETRY = """<p class="quiet">Not measured: set <code>encoder</code> and <code>geometry</code> to learn how the pairs lie.</p>"""

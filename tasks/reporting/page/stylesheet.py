# ruff: noqa: E501 - the lines are CSS
"""The style sheet of the report. It stands in a Python file so that the stage's fingerprint sees every change of it."""

STYLESHEET = """
:root {
  color-scheme: light dark;
  --paper: #fdfcf9; --panel: #f6f4ee; --ink: #22262b; --muted: #666c78; --rule: #dedad2;
  --c0: #64748c; --c1: #0f766f; --c2: #b4530a; --c3: #4f46e6; --c4: #be185e; --c5: #4d7c10;
  --serif: "Iowan Old Style", "Palatino Linotype", Palatino, "Book Antiqua", Charter, Georgia, serif;
  --sans: system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "DejaVu Sans", sans-serif;
  --mono: ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #15171a; --panel: #1d2024; --ink: #e5e3de; --muted: #9ba1ab; --rule: #353a41;
    --c0: #9aa8bc; --c1: #3cc9b4; --c2: #f0a04b; --c3: #a5b0fc; --c4: #f07fb0; --c5: #a9d45a;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0 auto; padding: 4.5rem 1.5rem 6rem; max-width: 49rem;
  background: var(--paper); color: var(--ink);
  font: 17px/1.6 var(--serif); font-feature-settings: "kern", "liga"; hanging-punctuation: first;
}
h1, h2, h3 { font-weight: 600; line-height: 1.2; text-wrap: balance; }
h1 { font-size: 2.5rem; margin: .3rem 0 1.6rem; letter-spacing: -.015em; overflow-wrap: anywhere; }
h2 { font-size: 1.5rem; margin: 4.5rem 0 .9rem; padding-top: 1.1rem; border-top: 1px solid var(--rule); }
h3 { font-size: 1.08rem; margin: 2.4rem 0 .5rem; }
p { margin: .7rem 0; max-width: 42rem; text-wrap: pretty; }
a { color: inherit; text-decoration-color: var(--muted); text-underline-offset: .18em; }
a:hover { text-decoration-color: var(--ink); }
.kind { font: 600 .74rem/1 var(--sans); letter-spacing: .14em; text-transform: uppercase; color: var(--c1); margin: 0; }
.headline { font-size: 1.34rem; line-height: 1.42; margin: 0 0 1.2rem; }
.quiet, figcaption { color: var(--muted); font-size: .92rem; }
nav { margin: 2.2rem 0 0; font: .86rem/1.9 var(--sans); color: var(--muted); }
nav a { margin-right: 1.1rem; white-space: nowrap; text-decoration: none; }
nav a:hover { text-decoration: underline; }
dl.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(12rem, 1fr)); gap: 1.5rem 1.2rem; margin: 2.2rem 0; }
dl.facts div { display: flex; flex-direction: column-reverse; justify-content: flex-end; }
dl.facts dd { margin: 0; font-size: 1.55rem; line-height: 1.2; font-variant-numeric: lining-nums tabular-nums; }
dl.facts dt { font: .78rem/1.4 var(--sans); color: var(--muted); margin-top: .15rem; }
figure { margin: 1.6rem 0; }
figure svg { display: block; width: 100%; height: auto; overflow: visible; }
figure svg text { font-family: var(--sans) !important; }
figcaption { margin-top: .6rem; max-width: 42rem; }
.scroll { overflow-x: auto; margin: 1.3rem 0; }
table { border-collapse: collapse; width: 100%; font: .86rem/1.45 var(--sans); font-variant-numeric: lining-nums tabular-nums; }
th { font-weight: 600; text-align: left; color: var(--muted); font-size: .78rem; vertical-align: bottom; }
th, td { padding: .42rem .9rem .42rem 0; border-bottom: 1px solid var(--rule); }
tbody th { color: var(--ink); font-size: inherit; font-weight: 500; vertical-align: top; overflow-wrap: break-word;
  min-width: 7.5rem; }
td { vertical-align: top; }
td.quiet { font-size: inherit; }
.n { text-align: right; white-space: nowrap; }
th:last-child, td:last-child { padding-right: 0; }
td.main { font-weight: 600; }
tr.group th { padding-top: 1.1rem; color: var(--muted); }
tr.clear td:last-child { color: var(--c1); font-weight: 600; }
tr.sub td, tr.sub th { color: var(--muted); border-bottom-style: dotted; font-weight: 400; padding-top: .25rem; padding-bottom: .25rem; }
tr.sub th { padding-left: 1.2rem; }
.dot { display: inline-block; width: .6em; height: .6em; border-radius: 50%; margin-right: .5em; }
.bar { background: var(--rule); height: .55rem; border-radius: 1px; min-width: 9rem; margin-top: .42rem; }
.bar i { display: block; height: 100%; background: var(--c1); border-radius: 1px; min-width: 1px; }
.seeds { color: var(--muted); white-space: nowrap; }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(9.6rem, 1fr)); gap: 1.5rem 1.3rem; margin: 1.1rem 0 2rem; }
.card { font: .8rem/1.45 var(--sans); min-width: 0; }
.card .frame { aspect-ratio: 1; background: var(--panel); display: flex; align-items: center; justify-content: center;
  color: var(--muted); overflow: hidden; border-radius: 3px; }
.card img { width: 100%; height: 100%; object-fit: contain; display: block; }
.card img.pixels { image-rendering: pixelated; }
.card .caption { margin: .55rem 0 .3rem; font: .93rem/1.4 var(--serif); overflow: hidden; overflow-wrap: anywhere;
  display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 4; }
.card .numbers { color: var(--muted); margin: 0; overflow-wrap: anywhere; }
.kins { display: flex; flex-wrap: wrap; gap: 1.6rem 2.2rem; margin: 1.1rem 0 2rem; }
.kin { min-width: 0; max-width: 100%; }
.cases { display: flex; flex-wrap: wrap; gap: .4rem .8rem; }
.kin .card { width: 5.6rem; }
.kin .first { width: calc(6.4rem + 2px); padding-right: .8rem; border-right: 2px solid var(--c1); }
.kin > .numbers { margin: .3rem 0 0; font: .8rem/1.4 var(--sans); color: var(--muted); }
.kin .caption { font-size: .82rem; -webkit-line-clamp: 3; }
.duo { display: grid; grid-template-columns: 1fr 1fr; gap: 3px; }
.duos .duo { margin-bottom: .5rem; }
.leak .duo { outline: 2px solid var(--c4); outline-offset: 2px; border-radius: 3px; }
.duos .caption { font-size: .86rem; -webkit-line-clamp: 2; }
h4 { font: 600 .95rem/1.3 var(--sans); margin: 1.8rem 0 .4rem; }
.keyword { display: inline-block; padding: 0 .4em; margin: .12rem .2rem .12rem 0; background: var(--panel); border-radius: 3px;
  color: var(--ink); max-width: 100%; overflow: hidden; text-overflow: ellipsis; vertical-align: bottom; }
bdi { unicode-bidi: isolate; }
details { margin: 1.1rem 0; }
summary { cursor: pointer; font: .9rem/1.6 var(--sans); color: var(--muted); }
summary:hover { color: var(--ink); }
code { font: .88em var(--mono); overflow-wrap: anywhere; }
pre { font: .8rem/1.6 var(--mono); background: var(--panel); padding: .9rem 1.1rem; border-radius: 3px; overflow-x: auto; }
ul.plain { padding-left: 1.1rem; margin: .7rem 0; max-width: 42rem; }
footer { margin-top: 5rem; padding-top: 1.1rem; border-top: 1px solid var(--rule); font-size: .86rem; color: var(--muted); }
@media (max-width: 40rem) { body { padding: 2.2rem 1.1rem 4rem; font-size: 16px; } h1 { font-size: 1.9rem; }
  h2 { margin-top: 3.2rem; } .headline { font-size: 1.18rem; } }
@media print { body { max-width: none; padding: 0; } nav { display: none; } .card, figure, tr { break-inside: avoid; } }
"""

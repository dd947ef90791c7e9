"""How the report page looks: a quiet newspaper, by day and by night, on a telephone, on a desk and on paper."""

STYLE = """
:root {
  color-scheme: light dark;
  --paper: #fcfbf8; --ink: #1b1a17; --soft: #5c5850; --hair: #d9d5cb; --band: #b9c6d6; --fill: #f3f0e8;
  --pass: #1d6636; --regression: #a31621; --configuration: #84500a; --unmeasured: #4b4a8f; --unjudged: #5c5850;
  --accent: #2b5282; --on: #ffffff;
  --serif: "Source Serif 4", "Source Serif Pro", Charter, Georgia, "Liberation Serif", "Times New Roman", serif;
  --sans: system-ui, -apple-system, "Segoe UI", "Liberation Sans", Arial, sans-serif;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #161614; --ink: #ebe8e1; --soft: #aba69b; --hair: #3b3933; --band: #3d5069; --fill: #201f1c;
    --pass: #82cf9b; --regression: #ff9c92; --configuration: #efbb66; --unmeasured: #b4b8f8; --unjudged: #aba69b;
    --accent: #93b9e6; --on: #161614;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body {
  margin: 0; padding: 1.25rem 1rem 3rem; background: var(--paper); color: var(--ink);
  font: 400 1rem/1.5 var(--sans); font-variant-numeric: tabular-nums lining-nums; overflow-wrap: anywhere;
}
body > * { max-width: 66rem; margin-inline: auto; }
h1, h2, .deck, .question, blockquote, .answer { font-family: var(--serif); }
h1 { font-size: clamp(1.75rem, 1.1rem + 2.8vw, 3rem); line-height: 1.12; font-weight: 700; margin: .6rem 0 .5rem;
  letter-spacing: -.01em; text-wrap: balance; max-width: 24em; }
h2 { font-size: 1.4rem; line-height: 1.2; font-weight: 700; margin: 0 0 .75rem; }
h3 { font-size: .95rem; font-weight: 600; margin: 0 0 .25rem; }
section { border-top: 1px solid var(--ink); margin-top: 2.25rem; padding-top: .8rem; }
p { margin: 0 0 .6rem; }
code { font: .875em/1.4 ui-monospace, "SF Mono", Menlo, Consolas, "Liberation Mono", monospace; }
.soft, figcaption, th, dt, footer { color: var(--soft); }
.note { color: var(--soft); font-size: .875rem; max-width: 44rem; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 3px; }

.masthead { display: flex; flex-wrap: wrap; gap: .1rem 1.25rem; justify-content: space-between; font-size: .875rem;
  border-top: 3px double var(--ink); border-bottom: 1px solid var(--hair); padding: .45rem 0; color: var(--soft); }
.masthead b { color: var(--ink); font-family: var(--serif); font-size: 1rem; }
.verdict { margin-top: 1.5rem; --colour: var(--unjudged); }
.pass { --colour: var(--pass); } .regression { --colour: var(--regression); }
.configuration { --colour: var(--configuration); } .unmeasured { --colour: var(--unmeasured); }
.stamp { display: inline-block; margin: 0; padding: .2rem .65rem; border-radius: 2px; font-weight: 700;
  font-size: .875rem; letter-spacing: .08em; color: var(--on); background: var(--colour); }
.deck { font-size: 1.15rem; line-height: 1.4; color: var(--soft); }
.checks { list-style: none; margin: .9rem 0; padding: 0; }
.checks li { padding: .4rem 0 .4rem 1.6rem; border-top: 1px solid var(--hair); text-indent: -1.6rem; }
.checks li > * { text-indent: 0; }
.mark { display: inline-block; width: 1.6rem; font-weight: 700; }
.bad { color: var(--regression); } .good { color: var(--pass); }

table { width: 100%; border-collapse: collapse; font-size: .925rem; }
th { text-align: left; font-weight: 500; font-size: .8125rem; vertical-align: bottom; }
th, td { padding: .42rem 1rem .42rem 0; border-bottom: 1px solid var(--hair); }
td { vertical-align: baseline; }
tbody th { font-size: inherit; color: inherit; vertical-align: baseline; font-weight: 500; }
tr > :last-child { padding-right: 0; }
.figure { text-align: right; white-space: nowrap; }
td.value { font-weight: 650; }
.group th { padding-top: 1.1rem; font: italic 400 1rem var(--serif); color: var(--soft);
  border-bottom-color: var(--ink); }
.metrics { overflow-wrap: normal; } .metrics.short { width: min(100%, 44rem); }
.metrics tbody th { overflow-wrap: anywhere; }
.metrics svg { display: inline-block; vertical-align: middle; }
.range span { font-size: .8125rem; color: var(--soft); white-space: nowrap; margin-left: .4rem; }
.metrics + .note { margin-top: .7rem; }
.range { width: 17rem; white-space: nowrap; } .past { width: 5.5rem; }
.gate { white-space: nowrap; font-size: .8125rem; } .gate span + span { margin-left: .6em; }
.identity { table-layout: fixed; } .identity th:first-child { width: 10rem; }
.identity.alone { max-width: 44rem; }
.kinds { max-width: 34rem; } .kinds td:last-child { width: 38%; }

.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 25rem), 1fr)); gap: 2rem 3rem; }
figure { margin: 0; break-inside: avoid; } figcaption { font-size: .875rem; max-width: 28rem; }
svg { display: block; max-width: 100%; height: auto; } figure svg { width: 100%; max-width: 28rem; margin: .25rem 0; }
svg text { fill: var(--soft); font: 12px var(--sans); font-variant-numeric: tabular-nums; }
svg text.strong { fill: var(--ink); }
.axis { stroke: var(--soft); } .grid { stroke: var(--hair); } .axis, .grid { stroke-width: 1; fill: none; }
.line { stroke: var(--accent); stroke-width: 2; fill: none; stroke-linejoin: round; }
.was { stroke: var(--soft); stroke-width: 1.5; stroke-dasharray: 4 3; fill: none; }
.band { fill: var(--band); } .bar { fill: var(--accent); } .dot { fill: var(--accent); }
.halo { stroke: var(--paper); stroke-width: 5; } .median { stroke: var(--ink); stroke-width: 1.5; }
.value-tick { stroke: var(--ink); stroke-width: 2.5; }
.ring { fill: var(--paper); stroke: var(--ink); stroke-width: 1.25; }
.spark { stroke: var(--soft); stroke-width: 1.25; fill: none; }
.now { fill: var(--ink); } .failed-part { fill: var(--regression); } .passed-part { fill: var(--band); }

details { border-top: 1px solid var(--hair); }
summary { cursor: pointer; padding: .6rem 0; }
.case:last-of-type { border-bottom: 1px solid var(--hair); }
.case { break-inside: avoid-page; }
.case summary { display: grid; grid-template-columns: 1.1rem 1fr; gap: 0 .5rem; list-style: none; }
.case summary::-webkit-details-marker { display: none; }
.case summary::before { content: "+"; color: var(--soft); font-weight: 600; }
.case[open] summary::before { content: "–"; }
.question { font-size: 1.1rem; line-height: 1.35; font-weight: 600; display: block; }
.tags { display: flex; align-items: baseline; flex-wrap: wrap;
  gap: 0 .9rem; font-size: .8125rem; color: var(--soft); grid-column: 2; }
.tags .bad { font-weight: 600; }
.case dl { margin: 0 0 1.2rem 1.6rem; display: grid; grid-template-columns: 6.5rem minmax(0, 46rem); gap: .5rem 1rem; }
dt { font-size: .8125rem; padding-top: .15rem; } dd { margin: 0; white-space: pre-line; } dd + dd { grid-column: 2; }
.case ol, .case ul { margin: 0; padding-left: 1.2rem; white-space: normal; } .evidence { font-size: .9rem; }
.none { font-style: italic; color: var(--soft); }
blockquote { margin: 0 0 .4rem; padding-left: .8rem; border-left: 2px solid var(--band); white-space: pre-line; }
footer { border-top: 1px solid var(--hair); margin-top: 2.5rem; padding-top: .6rem; font-size: .8125rem; }
@media (min-width: 48rem) { body { padding: 2rem 2.5rem 4rem; } }
@media screen and (max-width: 65rem) {
  .metrics { max-width: 38rem; }
  .metrics, .metrics tbody, .metrics tr, .metrics th, .metrics td { display: block; border: 0; padding: 0; }
  .metrics thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  .metrics tr { display: grid; grid-template-columns: 1fr 1fr 5.5rem; gap: .15rem .75rem; padding: .6rem 0;
    border-bottom: 1px solid var(--hair); align-items: center; }
  .metrics .group { border-bottom-color: var(--ink); padding-bottom: .25rem; }
  .metrics .group th { padding-top: .6rem; }
  .metrics td[data-label]::before { content: attr(data-label) " "; color: var(--soft); }
  .metrics td[data-label] { font-size: .8125rem; } .metrics .gate { grid-column: 1 / -1; white-space: normal; }
  .metrics tbody th, .metrics .range { grid-column: 1 / 3; } .metrics .group th { grid-column: 1 / -1; }
  .metrics .past { order: 1; text-align: right; } .metrics .range { order: 1; }
  .metrics .before, .metrics .moved, .metrics .count, .metrics .gate { order: 2; }
  .metrics .before { text-align: left; } .metrics .moved { text-align: center; }
  .metrics .count { grid-column: 3; } .metrics td:empty { display: none; } .range, .past { width: auto; }
  .range svg { width: 7rem; margin-left: -.3rem; }
  .range span { margin-left: .1rem; }
}
@media screen and (max-width: 47.99rem) {
  .identity th:first-child { width: 6.5rem; font-size: .8125rem; } .identity th, .identity td { padding-right: .6rem; }
  .case dl { display: block; margin-left: 1.6rem; } dt { padding-top: .6rem; }
}
@media print {
  :root { color-scheme: light; --paper: #fff; --ink: #000; --soft: #4a4a4a; --hair: #bbb; --band: #b9c6d6;
    --pass: #1d6636; --regression: #a31621; --configuration: #84500a; --unmeasured: #4b4a8f; --unjudged: #4a4a4a;
    --accent: #2b5282; --on: #fff; }
  html { font-size: 9.5pt; } body { padding: 0; }
  .metrics { font-size: 8pt; } .metrics td, .metrics th { padding-right: .5rem; }
  .range, .past { width: auto; } .range svg { width: 5rem; } .past svg { width: 3rem; }
  h2 { break-after: avoid; } .case summary::before { content: ""; }
  .stamp { border: 1.5pt solid var(--colour); color: var(--colour); background: none; }
  svg, .stamp { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  details::details-content { content-visibility: visible; block-size: auto; }
  tr { break-inside: avoid; }
}
"""

"""Style of the page: one sheet for light and dark, and for paper."""

STYLE = """
:root { color-scheme: light dark; --paper: #ffffff; --ink: #1c2128; --quiet: #5c6672; --rule: #dfe3e8; --soft: #f5f7f9; --accent: #9a5200; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #0e1116; --ink: #d7dde4; --quiet: #8b949e; --rule: #2a313a; --soft: #151a21; --accent: #ffb454; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.55 system-ui, -apple-system, "Segoe UI", sans-serif; }
main { max-width: 72rem; margin: 0 auto; padding: 2.5rem 1.5rem 4rem; }
h1 { font-size: 1.75rem; line-height: 1.25; margin: 0 0 .25rem; overflow-wrap: anywhere; }
h2 { font-size: 1.15rem; margin: 2.5rem 0 .5rem; overflow-wrap: anywhere; }
p { margin: .5rem 0; max-width: 48rem; overflow-wrap: anywhere; }
.quiet, footer { color: var(--quiet); font-size: .875rem; }
.scroll { overflow-x: auto; margin: .75rem 0; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; font-size: .9375rem; }
th, td { padding: .45rem .9rem; text-align: right; white-space: nowrap; border-bottom: 1px solid var(--rule); }
thead th { color: var(--quiet); font-weight: 500; font-size: .8125rem; border-bottom-width: 2px; vertical-align: bottom; }
tbody th, thead th:first-child { text-align: left; padding-left: 0; }
tbody th { font-weight: 500; white-space: normal; overflow-wrap: anywhere; min-width: 10rem; }
tbody tr:hover { background: var(--soft); }
tr.mean { border-top: 2px solid var(--rule); }
td b { color: var(--accent); }
small { color: var(--quiet); font-weight: 400; }
abbr { text-decoration: none; cursor: help; }
ul { margin: .5rem 0; padding-left: 1.2rem; max-width: 48rem; }
li { overflow-wrap: anywhere; }
aside { border-left: 3px solid var(--rule); padding: .1rem 0 .1rem 1rem; margin: 1rem 0; }
figure { margin: 1rem 0 1.75rem; }
figure img { display: block; max-width: 100%; height: auto; border-radius: 6px; background: #0e1116; }
figcaption { color: var(--quiet); font-size: .875rem; margin-top: .4rem; overflow-wrap: anywhere; }
details { border: 1px solid var(--rule); border-radius: 6px; margin: .75rem 0; }
summary { cursor: pointer; padding: .6rem 1rem; font-weight: 500; }
details pre { margin: 0; padding: .75rem 1rem 1rem; overflow-x: auto; }
details pre { font: .8125rem/1.5 ui-monospace, "SF Mono", Menlo, Consolas, monospace; }
footer { margin-top: 3rem; border-top: 1px solid var(--rule); padding-top: .75rem; }
@media print { main { max-width: none; padding: 0; } figure { break-inside: avoid; } }
"""

//! The style sheets. No rule uses a character that XML would have escaped.

/// Of the pictures, light and dark. Plain rules, as not every viewer of SVG knows more.
pub(super) const PICTURES: &str = "
.evenkeel{font:11px system-ui,-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif}
.evenkeel text{fill:#1c2330}
.evenkeel .ground{fill:#fff}
.evenkeel .head{font-size:13px;font-weight:600}
.evenkeel .quiet{fill:#5a6472}
.evenkeel .end{text-anchor:end}
.evenkeel .middle{text-anchor:middle}
.evenkeel .grid{stroke:#dfe3e8;stroke-width:1;fill:none}
.evenkeel .limit{stroke:#5a6472;stroke-width:1;stroke-dasharray:2 3;fill:none}
.evenkeel .one{stroke:#0b5cad;stroke-width:1.6;fill:none}
.evenkeel .two{stroke:#a34700;stroke-width:1.6;fill:none;stroke-dasharray:5 3}
.evenkeel .two-solid{stroke:#a34700;stroke-width:1.6;fill:none}
.evenkeel .spread{stroke:#0b5cad;stroke-width:5;opacity:.3;fill:none}
.evenkeel .band{fill:#0b5cad;opacity:.2}
.evenkeel .dot{fill:#0b5cad}
.evenkeel .ring{fill:#fff;stroke:#0b5cad;stroke-width:1.4}
.evenkeel .diamond{fill:#fff;stroke:#a34700;stroke-width:1.6}
.evenkeel .bad{stroke:#b3261e;stroke-width:1.6;fill:none}
.evenkeel .void{fill:#eceff3}
.evenkeel .hover{fill:#000;opacity:0}
.evenkeel .cells{shape-rendering:crispEdges}
.evenkeel .h0{fill:#440154}.evenkeel .h1{fill:#482878}.evenkeel .h2{fill:#3e4a89}.evenkeel .h3{fill:#31688e}
.evenkeel .h4{fill:#26828e}.evenkeel .h5{fill:#1f9e89}.evenkeel .h6{fill:#35b779}.evenkeel .h7{fill:#6ece58}
.evenkeel .h8{fill:#b5de2b}.evenkeel .h9{fill:#fde725}
@media (prefers-color-scheme:dark){
.evenkeel text{fill:#e4e8ee}
.evenkeel .ground{fill:#14181e}
.evenkeel .quiet{fill:#a3adba}
.evenkeel .grid{stroke:#323a45}
.evenkeel .limit{stroke:#a3adba}
.evenkeel .one,.evenkeel .spread{stroke:#6cb2ff}
.evenkeel .two,.evenkeel .two-solid{stroke:#ffab66}
.evenkeel .band,.evenkeel .dot{fill:#6cb2ff}
.evenkeel .ring{fill:#14181e;stroke:#6cb2ff}
.evenkeel .diamond{fill:#14181e;stroke:#ffab66}
.evenkeel .bad{stroke:#ff8a80}
.evenkeel .void{fill:#262d36}
}
";

/// Of the page about them.
pub(super) const PAGE: &str = "
:root{color-scheme:light dark;--ink:#1c2330;--quiet:#5a6472;--ground:#fff;--raised:#f5f7f9;--line:#dfe3e8;--critical:#b3261e;--warning:#8a5300;--info:#0b5cad}
@media (prefers-color-scheme:dark){:root{--ink:#e4e8ee;--quiet:#a3adba;--ground:#14181e;--raised:#1c222a;--line:#323a45;--critical:#ff8a80;--warning:#ffc266;--info:#6cb2ff}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);font:16px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif;overflow-wrap:anywhere}
main{max-width:52rem;margin:0 auto;padding:1rem}
h1{font-size:1.5rem;line-height:1.2;margin:.5rem 0}
h2{font-size:1.2rem;margin:2rem 0 .5rem}
h3{font-size:1rem;margin:0 0 .25rem}
p{margin:.25rem 0}
code{font-family:ui-monospace,Menlo,Consolas,monospace;font-size:.9em;background:var(--raised);padding:0 .25em;border-radius:3px}
.quiet,figcaption{color:var(--quiet);font-size:.9rem}
.finding{background:var(--raised);border-left:4px solid var(--line);border-radius:4px;padding:.75rem 1rem;margin:.75rem 0}
.finding.critical{border-color:var(--critical)}.finding.warning{border-color:var(--warning)}.finding.info{border-color:var(--info)}
.critical .sign{color:var(--critical)}.warning .sign{color:var(--warning)}.info .sign{color:var(--info)}
dl{margin:.5rem 0 0;display:grid;grid-template-columns:max-content 1fr;gap:.15rem .75rem}
dt{color:var(--quiet)}
dd{margin:0;min-width:0}
dd ul,dd ol{margin:0;padding-left:1.2rem}
figure{margin:.5rem 0}
.wide{overflow-x:auto}
.wide svg{display:block;width:100%;min-width:30rem;height:auto}
summary{cursor:pointer;color:var(--quiet)}
table{border-collapse:collapse;font-size:.85rem;font-variant-numeric:tabular-nums}
th,td{padding:.2rem .6rem;border-bottom:1px solid var(--line);text-align:right;white-space:nowrap}
th:first-child{text-align:left}
th{font-weight:600}
@media print{.finding{break-inside:avoid}figure{break-inside:avoid}}
";

import type { TraceInspection } from '../trace/inspect.ts'
import type { PyramidColumns } from '../trace/pyramid.ts'
import type { HtmlAssets } from './html.ts'
import { traceData } from './html-data.ts'
import { html, jsonForScript, scriptSource, styleSource } from './html-escape.ts'
import { pageScript } from './html-script.ts'
import { palettes, styleSheet } from './html-style.ts'
import { tableHtml } from './html-table.ts'
import { traceFacts, traceName, windowTable } from './trace-text.ts'

const noNetwork = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:"

/** A trace as one page that needs nothing else: plot with zoom, windows, facts. */
export function traceHtml(inspection: TraceInspection, columns: PyramidColumns, assets: HtmlAssets): string {
  const windows = inspection.windows.map(({ startS, endS, label }) => ({ startS, endS, label }))
  const data = { palettes, trace: traceData({ ...columns, windows }, inspection.provenance), bars: null }
  const name = traceName(inspection)
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${noNetwork}">
<link rel="icon" href="data:,">
<title>${name} · milliwatt</title>
<style>${styleSource(assets.uplotCss)}</style>
<style>${styleSource(styleSheet)}</style>
</head>
<body>
<main>
<header><p class="product">milliwatt trace</p><h1>${name} <span>${inspection.format}</span></h1></header>
<section><div class="head"><h2>Power over time</h2><span class="badge ${inspection.provenance}">${inspection.provenance}</span></div>
<p class="readout">Point at the plot for values, drag to zoom, double-click to see all.</p>
<div class="plot" id="trace-plot" role="img" aria-label="Power over time with the measuring windows"></div>
<ul class="legend"><li><i style="background: var(--accent)"></i>mean</li><li><i style="background: var(--band)"></i>min to max</li>
<li><i style="background: var(--window)"></i>measuring windows</li></ul></section>
${windows.length > 0 ? html`<section><div class="head"><h2>Windows</h2></div>${tableHtml(windowTable(inspection), { tall: true })}</section>` : null}
<section><div class="head"><h2>Trace</h2></div><dl class="facts">${traceFacts(inspection).map(([fact, text]) => html`<dt>${fact}</dt><dd>${text}</dd>`)}</dl></section>
</main>
<script type="application/json" id="report-data">${jsonForScript(data)}</script>
<script>${scriptSource(assets.uplotJs)}</script>
<script>${scriptSource(pageScript)}</script>
</body>
</html>
`
  return page.source
}

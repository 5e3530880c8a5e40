import { formatStamp } from './format.ts'
import { Html, html, styleSource } from './html-escape.ts'
import { planHtml, section } from './html-sections.ts'
import { styleSheet } from './html-style.ts'
import { tableHtml } from './html-table.ts'
import type { PlacementReport } from './placement.ts'
import { placementSvg } from './placement-svg.ts'
import { elsewhereText, layerTable, placementSummary, placeTable } from './placement-text.ts'
import type { PlanDocument } from './plan-document.ts'

const noNetwork = "default-src 'none'; style-src 'unsafe-inline'"

function placementHtml(report: PlacementReport): Html {
  const { layers, notes, algorithm } = report
  const below = (at: number) =>
    [layers[at]!.why, ...layers[at]!.elsewhere.map((other) => elsewhereText(other, report))].join(' · ')
  return html`${section(
    'Layers by place',
    html`<div class="stack"><p>${placementSummary(report)}</p><p class="note">${algorithm}</p>${notes.map((note) => html`<p class="note">${note}</p>`)}
<div class="scroll" tabindex="0" style="background: #fff">${new Html(placementSvg(report))}</div></div>`,
  )}
${section('Why each layer runs where it runs', tableHtml(layerTable(report), { below }))}
${section('Places', tableHtml(placeTable(report), { wrapLast: true }))}`
}

/** A plan as one HTML page without scripts; its policy forbids it to fetch anything. */
export function planPage(document: PlanDocument): string {
  const { milliwatt, model, startedAt, machine, placement, placementReason } = document
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${noNetwork}">
<title>Plan of ${model} · milliwatt</title>
<style>${styleSource(styleSheet)}</style>
</head>
<body>
<main>
<header><p class="product">milliwatt ${milliwatt}</p><h1>${model} <span>plan</span></h1>
<p class="meta">${formatStamp(startedAt)} · ${machine.name} · ${machine.runtime}</p></header>
${planHtml(document)}
${placement ? placementHtml(placement) : section('Layers by place', html`<p class="note">${placementReason}</p>`)}
</main>
</body>
</html>
`
  return page.source
}

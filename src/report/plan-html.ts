import { formatStamp } from './format.ts'
import { Html, html } from './html-escape.ts'
import { plainPage } from './html-page.ts'
import { planHtml, section } from './html-sections.ts'
import { tableHtml } from './html-table.ts'
import type { PlacementReport } from './placement.ts'
import { placementSvg } from './placement-svg.ts'
import { elsewhereText, layerTable, placementSummary, placeTable } from './placement-text.ts'
import type { PlanDocument } from './plan-document.ts'

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
  const layers = placement
    ? placementHtml(placement)
    : section('Layers by place', html`<p class="note">${placementReason}</p>`)
  return plainPage({
    title: `Plan of ${model}`,
    milliwatt,
    heading: model,
    subject: 'plan',
    meta: `${formatStamp(startedAt)} · ${machine.name} · ${machine.runtime}`,
    body: html`${planHtml(document)}
${layers}`,
  })
}

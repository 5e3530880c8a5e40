import { formatStamp } from './format.ts'
import { Html, html } from './html-escape.ts'
import { plainPage } from './html-page.ts'
import { section } from './html-sections.ts'
import { tableHtml } from './html-table.ts'
import type { QuantizeReport } from './quantize-report.ts'
import { quantizeSvg } from './quantize-svg.ts'
import { layerTable, quantizeNotes, quantizeTable } from './quantize-text.ts'

/** A quantised family as one HTML page without scripts; its policy forbids it to fetch anything. */
export function quantizePage(report: QuantizeReport): string {
  const { milliwatt, model, startedAt, machine, layers, rows } = report
  const sources = [...new Set(rows.flatMap(({ provenance }) => provenance ?? []))]
  return plainPage({
    title: `${model} quantised`,
    milliwatt,
    heading: model,
    subject: 'its quantised variants',
    meta: `${formatStamp(startedAt)} · ${machine.name} · ${machine.runtime}`,
    body: html`${section('Accuracy against cost', html`<div class="scroll" tabindex="0" style="background: #fff">${new Html(quantizeSvg(report))}</div>`, sources)}
${section('Variants', tableHtml(quantizeTable(report, true)), sources)}
${section('Notes', html`<ul>${quantizeNotes(report).map((note) => html`<li>${note}</li>`)}</ul>`)}
${layers.length > 0 ? section('Layers alone in int8, the most sensitive first', tableHtml(layerTable(report))) : ''}`,
  })
}

import { formatStamp } from './format.ts'
import { Html, html } from './html-escape.ts'
import { plainPage } from './html-page.ts'
import { section } from './html-sections.ts'
import { tableHtml } from './html-table.ts'
import type { RocReport } from './roc.ts'
import { rocSvg } from './roc-svg.ts'
import { keywordTable, rocTable } from './roc-text.ts'

/** Detectors on validation audio as one HTML page without scripts; its policy forbids it to fetch anything. */
export function rocPage(report: RocReport): string {
  const { milliwatt, model, startedAt, data, split, wantedFalseAlarmsPerHour, variants } = report
  return plainPage({
    title: `ROC of ${model}`,
    milliwatt,
    heading: model,
    subject: 'misses and false alarms of a stream',
    meta: `${formatStamp(startedAt)} · ${data}, split ${split} · thresholds for ${wantedFalseAlarmsPerHour} false alarms an hour`,
    body: html`${section('Misses against false alarms', html`<div class="scroll" tabindex="0" style="background: #fff">${new Html(rocSvg(report))}</div>`)}
${section('With the thresholds that were set', tableHtml(rocTable(report)))}
${variants.map((variant) => section(`Keywords of ${variant.variant}`, tableHtml(keywordTable(variant))))}`,
  })
}

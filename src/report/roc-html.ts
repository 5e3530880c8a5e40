import { formatStamp } from './format.ts'
import { Html, html, styleSource } from './html-escape.ts'
import { section } from './html-sections.ts'
import { styleSheet } from './html-style.ts'
import { tableHtml } from './html-table.ts'
import type { RocReport } from './roc.ts'
import { rocSvg } from './roc-svg.ts'
import { keywordTable, rocTable } from './roc-text.ts'

const noNetwork = "default-src 'none'; style-src 'unsafe-inline'"

/** Detectors on validation audio as one HTML page without scripts; its policy forbids it to fetch anything. */
export function rocPage(report: RocReport): string {
  const { milliwatt, model, startedAt, data, split, wantedFalseAlarmsPerHour, variants } = report
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${noNetwork}">
<title>ROC of ${model} · milliwatt</title>
<style>${styleSource(styleSheet)}</style>
</head>
<body>
<main>
<header><p class="product">milliwatt ${milliwatt}</p><h1>${model} <span>misses and false alarms of a stream</span></h1>
<p class="meta">${formatStamp(startedAt)} · ${data}, split ${split} · thresholds for ${wantedFalseAlarmsPerHour} false alarms an hour</p></header>
${section('Misses against false alarms', html`<div class="scroll" tabindex="0" style="background: #fff">${new Html(rocSvg(report))}</div>`)}
${section('With the thresholds that were set', tableHtml(rocTable(report)))}
${variants.map((variant) => section(`Keywords of ${variant.variant}`, tableHtml(keywordTable(variant))))}
</main>
</body>
</html>
`
  return page.source
}

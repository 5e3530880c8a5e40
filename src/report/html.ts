import { pageData } from './html-data.ts'
import { html, jsonForScript, scriptSource, styleSource } from './html-escape.ts'
import { pageScript } from './html-script.ts'
import {
  accuracyHtml,
  backgroundHtml,
  barsHtml,
  cardsHtml,
  inferencesHtml,
  planHtml,
  titleHtml,
  traceHtml,
} from './html-sections.ts'
import { styleSheet } from './html-style.ts'
import type { RunReport } from './report.ts'
import { streamHtml } from './stream-html.ts'

/** Text of uPlot's files (`uPlot.iife.min.js`, `uPlot.min.css`), which the page carries inside. */
export interface HtmlAssets {
  readonly uplotJs: string
  readonly uplotCss: string
}

const noNetwork = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:"

/** The report as one HTML page that needs nothing else; its policy forbids it to fetch anything. */
export function toHtml(report: RunReport, assets: HtmlAssets): string {
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${noNetwork}">
<link rel="icon" href="data:,">
<title>${report.model.name} ${report.model.variant} · milliwatt</title>
<style>${styleSource(assets.uplotCss)}</style>
<style>${styleSource(styleSheet)}</style>
</head>
<body>
<main>
${titleHtml(report)}
${cardsHtml(report)}
${traceHtml(report)}
${barsHtml(report)}
${inferencesHtml(report)}
${planHtml(report)}
${accuracyHtml(report)}
${report.stream ? streamHtml(report.stream) : null}
${backgroundHtml(report)}
</main>
<script type="application/json" id="report-data">${jsonForScript(pageData(report))}</script>
<script>${scriptSource(assets.uplotJs)}</script>
<script>${scriptSource(pageScript)}</script>
</body>
</html>
`
  return page.source
}

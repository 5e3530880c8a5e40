import type { HtmlAssets } from '../report/html.ts'
import { html, jsonForScript, scriptSource, styleSource } from '../report/html-escape.ts'
import { palettes, styleSheet } from '../report/html-style.ts'
import { monitorScript } from './page-script.ts'
import { monitorStyle } from './page-style.ts'

const policy =
  "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:; connect-src 'self'"

/** The live page: it asks the server that it came from for everything that it shows, and nobody else. */
export function monitorPage(assets: HtmlAssets): string {
  const spans = [1, 10, 60, 600]
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<link rel="icon" href="data:,">
<title>milliwatt monitor</title>
<style>${styleSource(assets.uplotCss)}</style>
<style>${styleSource(styleSheet)}</style>
<style>${styleSource(monitorStyle)}</style>
</head>
<body>
<main>
<header>
<p class="product">milliwatt</p>
<h1>Monitor <span id="meter-name"></span> <span class="badge" id="provenance" hidden></span></h1>
<p class="meta" id="meter-facts"></p>
</header>
<div class="banner" id="banner" role="status" hidden><strong id="banner-title"></strong><p id="banner-text"></p></div>
<dl class="cards">
<div class="card"><dt>Power, last second</dt><dd class="value" id="power">–</dd><dd class="detail" id="power-detail"></dd></div>
<div class="card"><dt>Energy of an inference, median</dt><dd class="value" id="inference">–</dd><dd class="detail" id="inference-detail"></dd></div>
<div class="card"><dt>Energy since the start</dt><dd class="value" id="energy">–</dd><dd class="detail" id="energy-detail"></dd></div>
<div class="card"><dt>Samples</dt><dd class="value" id="samples">–</dd><dd class="detail" id="samples-detail"></dd></div>
</dl>
<section>
<div class="head"><h2>Power</h2>
<div class="tools">
<button id="live" aria-pressed="true">Live</button>
<label>Span <select id="span">${spans.map((span) => html`<option value="${span}">${span < 60 ? `${span} s` : `${span / 60} min`}</option>`)}<option value="all">all</option></select></label>
<button id="out">Zoom out</button>
<a class="button" id="csv" href="export.csv" download>CSV</a>
<button id="png">PNG</button>
</div></div>
<p class="readout" id="readout">Drag over the plot to zoom in; a double click goes back to live.</p>
<div class="plot" id="plot"></div>
<ul class="legend"><li><i class="key-mean"></i>mean</li><li><i class="key-band"></i>least to most</li><li><i class="key-window"></i>inferences</li></ul>
</section>
<section>
<div class="head"><h2>Inferences</h2></div>
<p class="note" id="no-inferences">None seen yet. A high level on the marker channel is one stretch of inferences.</p>
<div class="scroll tall" id="inference-box" hidden><table>
<thead><tr><th class="right">Start (s)</th><th class="right">Duration</th><th class="right">Inferences</th><th class="right">Energy each</th><th class="right">Mean power</th><th>Borders</th></tr></thead>
<tbody id="inferences"></tbody></table></div>
</section>
</main>
<script type="application/json" id="palettes">${jsonForScript(palettes)}</script>
<script>${scriptSource(assets.uplotJs)}</script>
<script>${scriptSource(monitorScript)}</script>
</body>
</html>
`
  return page.source
}

import type { Provenance } from '../core/provenance.ts'
import { banners, type Fact, meterFacts, provenancesIn, provenanceWords, summaryFacts } from './facts.ts'
import { formatStamp, formatTime } from './format.ts'
import { barKind } from './html-data.ts'
import { type Html, html } from './html-escape.ts'
import { badge, matrixHtml, type RowOptions, tableHtml } from './html-table.ts'
import { moveText } from './moves.ts'
import type { RunReport } from './report.ts'
import { accuracyTable, confusionTable, deviceTable, energyReasons, inferenceTable, planTable } from './tables.ts'

/** Head of the page: what ran, when, where; then the banners. */
export function titleHtml(report: RunReport): Html {
  const { model, machine } = report
  return html`<header>
<p class="product">milliwatt ${report.milliwatt}</p>
<h1>${model.name} <span>${model.variant}</span></h1>
<p class="meta">${formatStamp(report.startedAt)} · ${formatTime(report.durationS)} · ${machine.name} · ${machine.runtime}</p>
<p class="meta"><code>${model.file}</code> · SHA-256 <code title="${model.sha256}">${model.sha256.slice(0, 16)}…</code></p>
</header>
${banners(report).map(({ tone, title, detail }) => html`<div class="banner ${tone}" role="note"><strong>${title}</strong> ${detail}</div>`)}`
}

/** The figures at a glance. */
export function cardsHtml(report: RunReport): Html {
  const atAGlance = ['Samples', 'Idle power']
  const meter = report.meter ? meterFacts(report.meter).filter((fact) => atAGlance.includes(fact.name)) : []
  const card = ({ name, value, provenance, detail }: Fact) => html`<div class="card"><dt>${name}</dt>
<dd class="value">${value} ${provenance ? badge(provenance) : null}</dd>${detail ? html`<dd class="detail">${detail}</dd>` : null}</div>`
  return html`<dl class="cards">${[...summaryFacts(report), ...meter].map(card)}</dl>`
}

/** The plot of power against time, or why there is none. */
export function traceHtml(report: RunReport): Html {
  const plot = report.trace?.plot
  const provenance = report.meter?.provenance
  if (!plot || plot.meanW.length === 0)
    return section('Power over time', html`<p class="note">No power trace was recorded.</p>`)
  const body = html`<p class="readout">Point at the plot for values, drag to zoom, double-click to see all.</p>
<div class="plot" id="trace-plot" role="img" aria-label="Power over time with the measuring windows"></div>
<ul class="legend"><li><i style="background: var(--accent)"></i>mean</li><li><i style="background: var(--band)"></i>min to max</li>
<li><i style="background: var(--window)"></i>measuring windows</li></ul>`
  return section('Power over time', body, provenance ? [provenance] : [])
}

/** One bar an inference. */
export function barsHtml(report: RunReport): Html | null {
  if (report.inferences.length === 0) return null
  const energy = barKind(report) === 'energy'
  const sources = provenancesIn({ ...report, plan: { ...report.plan, candidates: [] } })
  const wrong = report.inferences.some((row) => row.expected !== undefined && row.expected !== row.label)
  const legend = html`<ul class="legend"><li><i style="background: var(--accent)"></i>right or not known</li>
<li><i style="background: var(--bad)"></i>wrong keyword</li></ul>`
  const body = html`<p class="readout">Point at a bar for its clip.</p>
<div class="plot" id="bar-plot" role="img" aria-label="One bar an inference; the table below holds the figures"></div>${wrong ? legend : null}`
  return section(energy ? 'Energy of each inference' : 'Latency of each inference', body, energy ? sources : [])
}

/** The table of inferences. */
export function inferencesHtml(report: RunReport): Html {
  const rows = report.inferences
  if (rows.length === 0) return section('Inferences', html`<p class="note">No inference was run.</p>`)
  const reasons = energyReasons(rows).map((reason) => html`<p class="note">Energy of ${reason}</p>`)
  return section(
    'Inferences',
    html`<div class="stack">${tableHtml(inferenceTable(rows), { tall: true })}${reasons}</div>`,
  )
}

/** What was asked, what was chosen, and every candidate with its reason. */
export function planHtml(report: Pick<RunReport, 'plan'>): Html {
  const { columns, rows, sources } = planTable(report)
  const options: RowOptions = {
    rowClass: (at) => (sources[at]!.verdict === 'chosen' ? 'chosen' : ''),
    below: (at) => sources[at]!.reason,
  }
  return section(
    'Plan',
    html`<div class="stack">${report.plan.goal.length > 0 ? list(report.plan.goal) : null}
<p class="note">${report.plan.profileSource}</p>
${report.plan.chosen || rows.length === 0 ? null : html`<p><strong>No candidate meets the goal.</strong></p>`}
${rows.length > 0 ? tableHtml({ columns, rows }, options) : null}</div>`,
  )
}

/** Accuracy of each class and the confusion matrix. */
export function accuracyHtml(report: RunReport): Html | null {
  const { accuracy } = report
  if (!accuracy || accuracy.total === 0) return null
  return section(
    'Accuracy',
    html`<div class="columns"><div><h3>Each class</h3>${tableHtml(accuracyTable(accuracy))}</div>
<div><h3>Confusion: rows expected, columns answered</h3>${matrixHtml(confusionTable(accuracy), accuracy)}</div></div>`,
  )
}

/** Meter, devices, problems, files and what the provenances mean. */
export function backgroundHtml(report: RunReport): Html {
  const { meter, machine, problems, trace, moves = [] } = report
  const sources = provenancesIn(report)
  return html`${meter ? section('Meter', factsHtml(meterFacts(meter)), [meter.provenance]) : null}
${moves.length > 0 ? section('Moved segments', list(moves.map(moveText))) : null}
${problems.length > 0 ? section('Problems', html`<ul class="plain">${problems.map((each) => html`<li><strong>${each.code}</strong> ${each.message}</li>`)}</ul>`) : null}
${machine.devices.length > 0 ? section('Devices', tableHtml(deviceTable(report), { wrapLast: true })) : null}
${trace && trace.files.length > 0 ? section('Files', html`<ul class="plain">${trace.files.map((file) => html`<li><code>${file}</code></li>`)}</ul>`) : null}
${sources.length > 0 ? section('Where figures come from', html`<dl class="facts">${sources.map((each) => html`<dt>${badge(each)}</dt><dd>${provenanceWords[each]}</dd>`)}</dl>`) : null}`
}

function factsHtml(facts: readonly Fact[]): Html {
  const fact = ({ name, value, provenance, detail }: Fact) =>
    html`<dt>${name}</dt><dd>${value} ${provenance ? badge(provenance) : null}${detail ? ` (${detail})` : null}</dd>`
  return html`<dl class="facts">${facts.map(fact)}</dl>`
}

function list(items: readonly string[]): Html {
  return html`<ul class="plain">${items.map((item) => html`<li>${item}</li>`)}</ul>`
}

/** A section with its heading. */
export function section(title: string, body: Html, sources: readonly Provenance[] = []): Html {
  return html`<section><div class="head"><h2>${title}</h2>${sources.map(badge)}</div>${body}</section>`
}

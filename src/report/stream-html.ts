import type { Fact } from './facts.ts'
import { formatStamp } from './format.ts'
import { type Html, html } from './html-escape.ts'
import { plainPage } from './html-page.ts'
import { section } from './html-sections.ts'
import { badge, tableHtml } from './html-table.ts'
import { stageColours } from './stream-lanes.ts'
import type { StreamReport } from './stream-report.ts'
import { streamSvg } from './stream-svg.ts'
import { eventTable, streamFacts } from './stream-tables.ts'

const fact = ({ name, value, provenance, detail }: Fact) =>
  html`<dt>${name}</dt><dd>${value} ${provenance ? badge(provenance) : null}${detail ? html` (${detail})` : null}</dd>`

function legend({ looks, clips }: StreamReport): Html {
  const one = (colour: string, words: string) => html`<li><i style="background: ${colour}"></i>${words}</li>`
  return html`<ul class="legend">${one(stageColours.large, 'large net')}${looks.early > 0 ? one(stageColours.early, 'large net up to its first exit') : null}${one(stageColours.small, 'small net')}${one(stageColours.none, 'no net: no sound, or left out')}${clips.length > 0 ? one('var(--window)', 'a recording is played') : null}</ul>`
}

/** A stream's picture, events and figures as a section of a page. */
export function streamHtml(report: StreamReport, title: string = 'The cascade on a stream'): Html {
  const { timeline, provenance } = report
  const events =
    timeline.events.length > 0
      ? html`<h3>Keywords, and what each took since its sound began</h3>${tableHtml(eventTable(report), { tall: true })}`
      : html`<p class="note">No keyword was heard.</p>`
  return section(
    title,
    html`<div class="stack"><div class="scroll" tabindex="0" style="border:0">${streamSvg(report)}</div>${legend(report)}
${events}<dl class="facts">${streamFacts(report).map(fact)}</dl></div>`,
    provenance ? [provenance] : [],
  )
}

/** What a page of streams is about. */
export interface StreamPage {
  readonly milliwatt: string
  readonly model: string
  readonly startedAt: string
  readonly machine: string
  readonly streams: readonly StreamReport[]
}

/** Streams as one HTML page without scripts; its policy forbids it to fetch anything. */
export function streamPage({ milliwatt, model, startedAt, machine, streams }: StreamPage): string {
  return plainPage({
    title: `Streams heard by ${model}`,
    milliwatt,
    heading: model,
    subject: 'what ran when',
    meta: `${formatStamp(startedAt)} · ${machine}`,
    body: html`${streams.map((stream) => streamHtml(stream, stream.source))}`,
  })
}

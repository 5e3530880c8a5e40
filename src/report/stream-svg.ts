import { formatTick, ticks } from './axis.ts'
import { withUnit } from './format.ts'
import { type Html, html } from './html-escape.ts'
import { fixed, innerWidth, type Place, streamEdge, streamWidth } from './stream-lane.ts'
import { levelLane, modeLane, ranLane } from './stream-lanes.ts'
import { powerLanes } from './stream-power-lanes.ts'
import type { StreamReport, TimelineEvent } from './stream-report.ts'
import { clipOf } from './stream-tables.ts'

/** Heights for names, and pixels that a letter takes about. */
const nameRows = 4
const letterWide = 7.2

/** A row for every name that has room behind the one before it; null for what would cover another. */
function rowsForNames(events: readonly TimelineEvent[], x: Place): readonly (number | null)[] {
  const free: number[] = new Array(nameRows).fill(Number.NEGATIVE_INFINITY)
  return events.map(({ timeS, keyword }) => {
    const row = free.findIndex((end) => end < x(timeS))
    if (row >= 0) free[row] = x(timeS) + letterWide * keyword.length + 8
    return row < 0 ? null : row
  })
}

/** Lines through all lanes where a keyword was heard, with names as far as there is room. */
function eventMarks(report: StreamReport, x: Place, top: number, bottom: number): Html {
  const { events } = report.timeline
  const rows = rowsForNames(events, x)
  return html`${events.map((event, at) => {
    const row = rows[at] ?? null
    const [px, y] = [fixed(x(event.timeS)), top - 6 - 13 * (row ?? 0)]
    const clip = clipOf(report, event)
    const wrong = clip?.keyword !== undefined && clip.keyword !== event.keyword
    const colour = wrong ? 'var(--bad)' : 'var(--good)'
    const near = px + letterWide * event.keyword.length > streamWidth
    const name =
      row !== null &&
      html`<text x="${near ? px - 4 : px + 4}" y="${y}" text-anchor="${near ? 'end' : 'start'}" style="fill:${colour}" font-size="11.5" font-weight="600">${event.keyword}</text>`
    const energy =
      event.energyJ === null
        ? null
        : html`, ${withUnit(event.energyJ, 'J', '')} ${report.provenance} above idle since its sound began`
    return html`<g><title>${event.keyword} at ${event.timeS.toFixed(2)} s${energy}</title><line x1="${px}" x2="${px}" y1="${y - 8}" y2="${bottom}" style="stroke:${colour}" stroke-opacity="0.55"/>${name}</g>
`
  })}`
}

/** Seconds, minutes or hours, so that the axis has numbers to read. */
function axisUnit(endS: number): { readonly name: string; readonly seconds: number } {
  if (endS > 7200) return { name: 'h', seconds: 3600 }
  return endS > 600 ? { name: 'min', seconds: 60 } : { name: 's', seconds: 1 }
}

/**
 * A stream as a picture for a page: level, what ran, power, energy so far beside that of the large net alone, changes of the
 * governor, and what was heard. Its size does not grow with the length of the stream, only with events.
 */
export function streamSvg(report: StreamReport): Html {
  const { bins, binS } = report.timeline
  if (bins.length === 0) return html`<p class="note">Nothing was listened to.</p>`
  const endS = bins.at(-1)!.startS + binS
  const x = (timeS: number) => streamEdge.left + (timeS / endS) * innerWidth
  const axis = { x, endS }
  const lanes = [levelLane(report, axis), ranLane(report, axis), ...powerLanes(report, axis), ...modeLane(report, axis)]
  const top = streamEdge.top + (report.timeline.events.length > 0 ? 6 + 13 * nameRows : 0)
  let y = top
  const drawn = lanes.map((lane) => {
    const at = y
    y += lane.high + 26
    return html`<text x="0" y="${at + 12}" style="fill:var(--ink)" font-weight="600">${lane.title}</text><text x="0" y="${at + 28}" style="fill:var(--soft)" font-size="10.5">${lane.detail}</text>${lane.draw(at)}`
  })
  const bottom = y - 16
  const clips = report.clips.map(
    ({ startS, endS: clipEndS, name }) =>
      html`<rect x="${fixed(x(startS))}" y="${top}" width="${fixed(Math.max(1, x(clipEndS) - x(startS)))}" height="${bottom - top}" style="fill:var(--window)"><title>${name}</title></rect>
`,
  )
  const unit = axisUnit(endS)
  const times = ticks(0, endS / unit.seconds, 12).map(
    (tick) =>
      html`<text x="${fixed(x(tick * unit.seconds))}" y="${bottom + 16}" text-anchor="middle" style="fill:var(--soft)">${formatTick(tick)}</text>
`,
  )
  return html`<svg viewBox="0 0 ${streamWidth} ${bottom + streamEdge.bottom}" font-family="inherit" font-size="12" role="img" aria-label="What ran when, power and energy over the stream" style="display:block;width:100%;min-width:760px;height:auto">
${clips}${drawn}${eventMarks(report, x, top, bottom)}
${times}<text x="${streamEdge.left + innerWidth / 2}" y="${bottom + 34}" text-anchor="middle" style="fill:var(--soft)">Time of the stream (${unit.name})</text>
</svg>`
}

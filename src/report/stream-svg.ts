import { formatTick, ticks } from './axis.ts'
import { formatTime, scaleFor, withUnit } from './format.ts'
import { type Html, html } from './html-escape.ts'
import type { StreamReport, TimelineBin } from './stream-report.ts'
import { clipOf } from './stream-tables.ts'

const width = 1200
const edge = { left: 132, right: 24, top: 18, bottom: 40 } as const
const innerWidth = width - edge.left - edge.right
/** Names of keywords fit for so many events. */
const mostNames = 60
/** Loudness of 1 in decibels of power. */
const decibels = 10 / Math.LN10

/** Colours that are told apart also by those who see no red or green (Okabe and Ito). */
export const stageColours: Readonly<Record<'none' | 'small' | 'early' | 'large', string>> = {
  none: 'var(--line)',
  small: '#56b4e9',
  early: '#e69f00',
  large: '#d55e00',
}

/** One row of the lane of what ran: the share of a bin's looks that came so far. */
interface Row {
  readonly name: string
  readonly colour: string
  share(bin: TimelineBin): number
}

const total = ({ looks }: TimelineBin) => Object.values(looks).reduce((sum, count) => sum + count, 0)

function rowsOf({ looks }: StreamReport): readonly Row[] {
  const row = (name: string, colour: string, count: (looks: TimelineBin['looks']) => number): Row => ({
    name,
    colour,
    share: (bin) => count(bin.looks) / Math.max(1, total(bin)),
  })
  return [
    row('large net', stageColours.large, ({ large }) => large),
    ...(looks.early > 0 ? [row('its first exit', stageColours.early, ({ early, large }) => early + large)] : []),
    row('small net', stageColours.small, ({ small, early, large }) => small + early + large),
    row('no net', stageColours.none, ({ gate, skip }) => gate + skip),
  ]
}

const fixed = (value: number) => Number(value.toFixed(1))

/** Boxes of a row, bins of like share in one box; three strengths of colour. */
function boxes(
  bins: readonly TimelineBin[],
  { share, colour }: Row,
  x: (s: number) => number,
  y: number,
  high: number,
  endS: number,
): Html {
  const strength = (bin: TimelineBin) => Math.ceil(3 * share(bin) - 1e-9)
  const paths = ['', '', '']
  for (let from = 0; from < bins.length; ) {
    const level = strength(bins[from]!)
    let to = from + 1
    while (to < bins.length && strength(bins[to]!) === level) to++
    const [left, right] = [fixed(x(bins[from]!.startS)), fixed(x(bins[to]?.startS ?? endS))]
    if (level > 0) paths[level - 1] += `M${left} ${y}h${fixed(right - left)}v${high}h${fixed(left - right)}z`
    from = to
  }
  return html`${paths.map(
    (path, at) =>
      path &&
      html`<path d="${path}" style="fill:${colour}" fill-opacity="${[0.35, 0.65, 1][at]!}"/>
`,
  )}`
}

interface Lane {
  readonly title: string
  readonly detail: string
  readonly high: number
  draw(y: number): Html
}

const text = (x: number, y: number, words: string, more = '') =>
  html`<text x="${fixed(x)}" y="${fixed(y)}" style="fill:var(--soft)" ${html`${more}`}>${words}</text>`

/** A scale at the left of a lane with faint lines across. */
function scaleLines(top: number, high: number, y: number, about: number): Html {
  return html`${ticks(0, top, about).map((tick) => {
    const at = fixed(y + high - (tick / top) * high)
    return html`<line x1="${edge.left}" x2="${edge.left + innerWidth}" y1="${at}" y2="${at}" style="stroke:var(--grid)"/><text x="${edge.left - 6}" y="${at + 4}" text-anchor="end" style="fill:var(--soft)" font-size="10.5">${formatTick(tick)}</text>
`
  })}`
}

/** Values a bin as steps. */
function steps(
  bins: readonly TimelineBin[],
  values: readonly number[],
  x: (s: number) => number,
  y: (v: number) => number,
  endS: number,
): string {
  let path = ''
  values.forEach((value, at) => {
    const next = fixed(x(bins[at + 1]?.startS ?? endS))
    path += at === 0 ? `M${fixed(x(bins[0]!.startS))} ${fixed(y(value))}H${next}` : `V${fixed(y(value))}H${next}`
  })
  return path
}

function levelLane({ timeline: { bins } }: StreamReport, x: (s: number) => number, endS: number): Lane {
  const heard = bins.map(({ loudness }) => decibels * loudness)
  const floor = heard.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY)
  const values = heard.map((value) => value - floor)
  const top = Math.max(10, ...[values.reduce((most, value) => Math.max(most, value), 0)])
  const high = 64
  return {
    title: 'Level',
    detail: 'dB over the quietest',
    high,
    draw: (y) => {
      const line = steps(bins, values, x, (value) => y + high - (value / top) * high, endS)
      return html`${scaleLines(top, high, y, 3)}<path d="${line}V${y + high}H${fixed(x(bins[0]!.startS))}z" style="fill:var(--soft)" fill-opacity="0.35"/>
`
    },
  }
}

function ranLane(report: StreamReport, x: (s: number) => number, endS: number): Lane {
  const rows = rowsOf(report)
  const [rowHigh, gap] = [18, 4]
  return {
    title: 'What ran',
    detail: '',
    high: rows.length * (rowHigh + gap),
    draw: (y) =>
      html`${rows.map((row, at) => {
        const top = y + at * (rowHigh + gap)
        return html`${text(edge.left - 6, top + 13, row.name, 'text-anchor=end')}<rect x="${edge.left}" y="${top}" width="${innerWidth}" height="${rowHigh}" style="fill:var(--grid)" fill-opacity="0.5"/>
${boxes(report.timeline.bins, row, x, top, rowHigh, endS)}`
      })}`,
  }
}

/** Power of the large net at every look, above idle; null where it is not known. */
function alonePowerW({ alone, idlePowerW }: StreamReport): number | null {
  return alone?.meanPowerW == null ? null : alone.meanPowerW - (idlePowerW ?? 0)
}

function dashed(y: number, words: string): Html {
  return html`<line x1="${edge.left}" x2="${edge.left + innerWidth}" y1="${fixed(y)}" y2="${fixed(y)}" style="stroke:var(--ink)" stroke-dasharray="5 4"/>
<text x="${edge.left + innerWidth - 4}" y="${fixed(y - 4)}" text-anchor="end" style="fill:var(--ink)" font-size="11">${words}</text>
`
}

function powerLanes(report: StreamReport, x: (s: number) => number, endS: number): readonly Lane[] {
  const { timeline, provenance, alone, budgetW, idlePowerW } = report
  const { bins, binS } = timeline
  if (provenance === null || bins.some(({ energyJ }) => energyJ === null)) return []
  const aloneW = alonePowerW(report)
  const limitW = budgetW === null ? null : budgetW - (idlePowerW ?? 0)
  const powersW = bins.map(({ energyJ }) => energyJ! / binS)
  const mostW = powersW.reduce((most, value) => Math.max(most, value), 0)
  const topW = 1.12 * Math.max(mostW, aloneW ?? 0, limitW ?? 0, 1e-12)
  const unit = scaleFor([topW], 'W')
  let sum = 0
  const sums = bins.map(({ energyJ }) => (sum += energyJ!))
  const aloneJ = aloneW === null ? null : aloneW * endS
  const topJ = 1.12 * Math.max(sum, aloneJ ?? 0, 1e-15)
  const energyUnit = scaleFor([topJ], 'J')
  const [high, colour] = [84, 'var(--accent)']
  const power: Lane = {
    title: 'Power above idle',
    detail: `${unit.unit}, ${provenance}`,
    high,
    draw: (y) => {
      const place = (value: number) => y + high - (value / topW) * high
      const line = steps(bins, powersW, x, place, endS)
      return html`${scaleLines(topW * unit.perSi, high, y, 4)}<path d="${line}V${y + high}H${fixed(x(bins[0]!.startS))}z" style="fill:${colour}" fill-opacity="0.3"/><path d="${line}" fill="none" style="stroke:${colour}"/>
${aloneW === null ? null : dashed(place(aloneW), `${alone!.name} at every look`)}${limitW === null ? null : dashed(place(limitW), 'budget')}`
    },
  }
  const energy: Lane = {
    title: 'Energy so far',
    detail: `${energyUnit.unit} above idle, ${provenance}`,
    high,
    draw: (y) => {
      const place = (value: number) => y + high - (value / topJ) * high
      const line = bins
        .map((_, at) => `${at === 0 ? 'M' : 'L'}${fixed(x(bins[at + 1]?.startS ?? endS))} ${fixed(place(sums[at]!))}`)
        .join('')
      const rising =
        aloneJ !== null &&
        html`<line x1="${edge.left}" x2="${edge.left + innerWidth}" y1="${y + high}" y2="${fixed(place(aloneJ))}" style="stroke:var(--ink)" stroke-dasharray="5 4"/>
<text x="${edge.left + innerWidth - 4}" y="${fixed(place(aloneJ) - 5)}" text-anchor="end" style="fill:var(--ink)" font-size="11">${alone!.name} at every look: ${withUnit(aloneJ, 'J', '')}</text>
`
      return html`${scaleLines(topJ * energyUnit.perSi, high, y, 4)}<path d="${line}" fill="none" style="stroke:${colour}" stroke-width="2"/>${rising}
<text x="${edge.left + innerWidth - 4}" y="${fixed(Math.min(place(sum) + 15, y + high - 3))}" text-anchor="end" style="fill:${colour}" font-size="11">cascade: ${withUnit(sum, 'J', '')}</text>
`
    },
  }
  return [power, energy]
}

const modeStrengths: Readonly<Record<string, number>> = { full: 1, 'half rate': 0.6, strict: 0.35, asleep: 0.1 }

function modeLane({ timeline: { changes } }: StreamReport, x: (s: number) => number, endS: number): readonly Lane[] {
  if (changes.length === 0) return []
  const spans = changes.map(({ timeS, to }, at) => ({ fromS: timeS, toS: changes[at + 1]?.timeS ?? endS, mode: to }))
  const all = [{ fromS: 0, toS: changes[0]!.timeS, mode: changes[0]!.from }, ...spans]
  const box = (y: number) =>
    all.map(({ fromS, toS, mode }) => {
      const [left, wide] = [fixed(x(fromS)), fixed(x(toS) - x(fromS))]
      return html`<g><title>${mode}: ${formatTime(fromS)} to ${formatTime(toS)}</title><rect x="${left}" y="${y}" width="${wide}" height="18" style="fill:var(--accent)" fill-opacity="${modeStrengths[mode] ?? 0.5}"/>${wide > 60 ? html`<text x="${left + 5}" y="${y + 13}" style="fill:var(--ink)" font-size="11">${mode}</text>` : null}</g>
`
    })
  return [{ title: 'Governor', detail: '', high: 18, draw: (y) => html`${box(y)}` }]
}

/** Names of what was heard, three heights in turn, and where the lines to them end. */
function eventMarks(report: StreamReport, x: (s: number) => number, top: number, bottom: number): Html {
  const { events } = report.timeline
  const named = events.length <= mostNames
  return html`${events.map((event, at) => {
    const [px, y] = [fixed(x(event.timeS)), top - 6 - 14 * (at % 3)]
    const clip = clipOf(report, event)
    const wrong = clip?.keyword !== undefined && clip.keyword !== event.keyword
    const colour = wrong ? 'var(--bad)' : 'var(--good)'
    const near = px > edge.left + innerWidth - 80
    const name =
      named &&
      html`<text x="${near ? px - 4 : px + 4}" y="${y}" text-anchor="${near ? 'end' : 'start'}" style="fill:${colour}" font-size="11.5" font-weight="600">${event.keyword}</text>`
    return html`<g><title>${event.keyword} at ${event.timeS.toFixed(2)} s${event.energyJ === null ? null : html`, ${withUnit(event.energyJ, 'J', '')} ${report.provenance} above idle since its sound began`}</title><line x1="${px}" x2="${px}" y1="${y - 8}" y2="${bottom}" style="stroke:${colour}" stroke-width="1.3" stroke-opacity="0.75"/>${name}</g>
`
  })}`
}

/**
 * A stream as a picture for a page: level, what ran, power, energy so far beside that of the large net alone, changes of the
 * governor, and what was heard. Its size does not grow with the length of the stream, only with events.
 */
export function streamSvg(report: StreamReport): Html {
  const { bins, binS } = report.timeline
  if (bins.length === 0) return html`<p class="note">Nothing was listened to.</p>`
  const endS = bins.at(-1)!.startS + binS
  const x = (timeS: number) => edge.left + (timeS / endS) * innerWidth
  const lanes = [
    levelLane(report, x, endS),
    ranLane(report, x, endS),
    ...powerLanes(report, x, endS),
    ...modeLane(report, x, endS),
  ]
  const namesHigh = report.timeline.events.length > 0 ? 42 : 0
  let y: number = edge.top + namesHigh
  const drawn = lanes.map((lane) => {
    const at = y
    y += lane.high + 26
    const head =
      lane.title === 'What ran'
        ? null
        : html`<text x="0" y="${at + 12}" style="fill:var(--ink)" font-weight="600">${lane.title}</text>${text(0, at + 28, lane.detail, 'font-size=10.5')}`
    return html`${lane.title === 'What ran' ? html`<text x="0" y="${at + 12}" style="fill:var(--ink)" font-weight="600">${lane.title}</text>` : head}${lane.draw(at)}`
  })
  const bottom = y - 16
  const clips = report.clips.map(
    ({ startS, endS: clipEndS, name }) =>
      html`<rect x="${fixed(x(startS))}" y="${edge.top + namesHigh}" width="${fixed(Math.max(1, x(clipEndS) - x(startS)))}" height="${bottom - edge.top - namesHigh}" style="fill:var(--window)"><title>${name}</title></rect>
`,
  )
  const axis = ticks(0, endS, 12).map(
    (tick) =>
      html`<text x="${fixed(x(tick))}" y="${bottom + 16}" text-anchor="middle" style="fill:var(--soft)">${formatTick(tick)}</text>
`,
  )
  return html`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${bottom + edge.bottom}" font-family="inherit" font-size="12" role="img" aria-label="What ran when, power and energy over the stream" style="display:block;width:100%;min-width:760px;height:auto">
${clips}${drawn}${eventMarks(report, x, edge.top + namesHigh, bottom)}
${axis}<text x="${edge.left + innerWidth / 2}" y="${bottom + 34}" text-anchor="middle" style="fill:var(--soft)">Time of the stream (s)</text>
</svg>`
}

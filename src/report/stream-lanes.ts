import { type Html, html } from './html-escape.ts'
import { fixed, innerWidth, type Lane, scaleLines, stepPath, streamEdge, type TimeAxis } from './stream-lane.ts'
import type { StreamReport, TimelineBin } from './stream-report.ts'

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

/** Boxes of a row, bins of like share in one box; three strengths of colour. */
function boxes(
  bins: readonly TimelineBin[],
  { share, colour }: Row,
  { x, endS }: TimeAxis,
  y: number,
  high: number,
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

/** How loud it was. */
export function levelLane({ timeline: { bins } }: StreamReport, axis: TimeAxis): Lane {
  const heard = bins.map(({ loudness }) => decibels * loudness)
  const floor = heard.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY)
  const values = heard.map((value) => value - floor)
  const top = values.reduce((most, value) => Math.max(most, value), 10)
  const high = 64
  return {
    title: 'Level',
    detail: 'dB over the quietest',
    high,
    draw: (y) => {
      const line = stepPath(bins, values, axis, (value) => y + high - (value / top) * high)
      return html`${scaleLines(top, high, y, 3)}<path d="${line}V${y + high}H${fixed(axis.x(bins[0]!.startS))}z" style="fill:var(--soft)" fill-opacity="0.35"/>
`
    },
  }
}

/** Which nets ran: a row a net, stronger where more of the looks reached it. */
export function ranLane(report: StreamReport, axis: TimeAxis): Lane {
  const rows = rowsOf(report)
  const [rowHigh, gap] = [18, 4]
  return {
    title: 'What ran',
    detail: '',
    high: rows.length * (rowHigh + gap),
    draw: (y) =>
      html`${rows.map((row, at) => {
        const top = y + at * (rowHigh + gap)
        return html`<text x="${streamEdge.left - 6}" y="${top + 13}" text-anchor="end" style="fill:var(--soft)">${row.name}</text><rect x="${streamEdge.left}" y="${top}" width="${innerWidth}" height="${rowHigh}" style="fill:var(--grid)" fill-opacity="0.5"/>
${boxes(report.timeline.bins, row, axis, top, rowHigh)}`
      })}`,
  }
}

/** Strength of the colour by mode of the governor. */
const modeStrengths: Readonly<Record<string, number>> = { full: 1, 'half rate': 0.6, strict: 0.35, asleep: 0.12 }

/** What a governor allowed, where it changed; nothing where it did not. */
export function modeLane({ timeline: { changes } }: StreamReport, { x, endS }: TimeAxis): readonly Lane[] {
  if (changes.length === 0) return []
  const later = changes.map(({ timeS, to }, at) => ({ fromS: timeS, toS: changes[at + 1]?.timeS ?? endS, mode: to }))
  const spans = [{ fromS: 0, toS: changes[0]!.timeS, mode: changes[0]!.from }, ...later]
  const modes = [...new Set(spans.map(({ mode }) => mode))]
  const high = 18
  const draw = (y: number) => {
    const box = ({ fromS, toS }: (typeof spans)[number]) => {
      const wide = fixed(x(toS) - x(fromS))
      return `M${fixed(x(fromS))} ${y}h${wide}v${high}h${-wide}z`
    }
    return html`${modes.map(
      (mode) => html`<path d="${spans
        .filter((span) => span.mode === mode)
        .map(box)
        .join(
          '',
        )}" style="fill:var(--accent)" fill-opacity="${modeStrengths[mode] ?? 0.5}"><title>${mode}</title></path>
`,
    )}${spans.map(
      ({ fromS, toS, mode }) =>
        x(toS) - x(fromS) > 70 &&
        html`<text x="${fixed(x(fromS) + 5)}" y="${y + 13}" style="fill:var(--ink);stroke:var(--card);stroke-width:3px;paint-order:stroke" font-size="11">${mode}</text>
`,
    )}`
  }
  return [{ title: 'Governor', detail: '', high, draw }]
}

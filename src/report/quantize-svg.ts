import { formatTick, ticks } from './axis.ts'
import { extent } from './format.ts'
import { type Html, html } from './html-escape.ts'
import type { QuantizeReport, QuantizeRow } from './quantize-report.ts'

const panelWidth = 330
const height = 330
const edge = { left: 62, right: 16, top: 40, bottom: 46 } as const
const legendWidth = 250

/** Where values lie between 0 and 1 along an axis, and its ticks. */
interface Across {
  readonly place: (value: number) => number
  readonly ticks: readonly number[]
}

/** A linear axis, or a logarithmic one where values differ more than tenfold. */
function scaleOf(values: readonly number[]): Across {
  const [least, most] = extent(values) ?? [0, 1]
  if (least > 0 && most > 10 * least) {
    const [low, high] = roomy([Math.log10(least), Math.log10(most)], 0.1, 0.05)
    const decades = Array.from(
      { length: Math.ceil(high) - Math.floor(low) + 1 },
      (_, at) => 10 ** (Math.floor(low) + at),
    )
    const inside = (tick: number) => Math.log10(tick) >= low && Math.log10(tick) <= high
    const fine = decades.flatMap((decade) => [decade, 2 * decade, 5 * decade]).filter(inside)
    const place = (value: number) => (Math.log10(value) - low) / (high - low)
    return { place, ticks: fine.length > 6 ? decades.filter(inside) : fine }
  }
  const [low, high] = roomy([least, most], 0.1, 1e-9)
  return { place: (value) => (value - low) / (high - low), ticks: ticks(Math.max(0, low), high, 5) }
}

/** What a panel shows along its horizontal axis. */
interface Axis {
  readonly title: string
  readonly of: (row: QuantizeRow) => number | null
}

/** A range with room at both ends; one value gets a range around it. */
function roomy([low, high]: readonly [number, number], share: number, least: number): readonly [number, number] {
  const room = Math.max((high - low) * share, least)
  return [low - room, high + room]
}

function axesOf({ rows }: QuantizeReport): readonly Axis[] {
  const provenance = rows.find((row) => row.energyJ !== null)?.provenance
  const all: readonly Axis[] = [
    { title: 'Latency (µs)', of: ({ latencyS }) => latencyS && 1e6 * latencyS },
    { title: 'File (kB)', of: ({ bytes }) => bytes / 1000 },
    { title: `Energy an inference (µJ, ${provenance ?? ''})`, of: ({ energyJ }) => energyJ && 1e6 * energyJ },
  ]
  return all.filter(({ of }) => rows.some((row) => row.leftOut === null && of(row) !== null))
}

/** Height of a row: accuracy in per cent, or dB where nothing was counted. */
function worthOf({ measure }: QuantizeReport): Axis {
  if (measure === null) return { title: 'Signal to noise (dB)', of: (row) => row.signalToNoiseDb }
  return {
    title: measure === 'accuracy' ? 'Accuracy (%)' : 'Agreement with the float model (%)',
    of: ({ value }) => value && 100 * value,
  }
}

interface Point {
  readonly number: number
  readonly x: number
  readonly y: number
  readonly pareto: boolean
}

/** Down and to the right: less accuracy only for less cost. */
function frontPath(points: readonly Point[], x: (value: number) => number, y: (value: number) => number): string {
  const ordered = [...points].sort((a, b) => a.x - b.x || b.y - a.y)
  let best = Number.NEGATIVE_INFINITY
  const front = ordered.filter((point) => {
    if (point.y <= best) return false
    best = point.y
    return true
  })
  return front
    .map((point, at) =>
      at === 0
        ? `M${x(point.x).toFixed(1)} ${y(point.y).toFixed(1)}`
        : `H${x(point.x).toFixed(1)}V${y(point.y).toFixed(1)}`,
    )
    .join('')
}

function panel(left: number, axis: Axis, worth: Axis, rows: readonly QuantizeRow[]): Html {
  const points = rows.flatMap((row, at): readonly Point[] => {
    const [x, y] = [axis.of(row), worth.of(row)]
    return x === null || y === null || row.leftOut !== null ? [] : [{ number: at + 1, x, y, pareto: row.pareto }]
  })
  const across = scaleOf(points.map((point) => point.x))
  const [yLow, yHigh] = roomy(extent(points.map(({ y }) => y)) ?? [0, 1], 0.12, 0.2)
  const inner = { width: panelWidth - edge.left - edge.right, height: height - edge.top - edge.bottom }
  const x = (value: number) => left + edge.left + across.place(value) * inner.width
  const y = (value: number) => edge.top + (1 - (value - yLow) / (yHigh - yLow)) * inner.height
  const right = left + edge.left + inner.width
  return html`${ticks(yLow, yHigh, 5).map(
    (tick) =>
      html`<line x1="${left + edge.left}" x2="${right}" y1="${y(tick).toFixed(1)}" y2="${y(tick).toFixed(1)}" stroke="#e8ecf0"/><text x="${left + edge.left - 6}" y="${(y(tick) + 4).toFixed(1)}" text-anchor="end" fill="#566573">${formatTick(tick)}</text>
`,
  )}
${across.ticks.map(
  (tick) =>
    html`<text x="${x(tick).toFixed(1)}" y="${height - edge.bottom + 16}" text-anchor="middle" fill="#566573">${formatTick(tick)}</text>
`,
)}
<text x="${left + edge.left + inner.width / 2}" y="${height - 8}" text-anchor="middle" fill="#566573">${axis.title}</text>
<text transform="translate(${left + 14} ${edge.top + inner.height / 2}) rotate(-90)" text-anchor="middle" fill="#566573">${worth.title}</text>
<path d="${frontPath(points, x, y)}" fill="none" stroke="#9aa8b5" stroke-dasharray="4 3"/>
${points.map(
  (point) =>
    html`<circle cx="${x(point.x).toFixed(1)}" cy="${y(point.y).toFixed(1)}" r="9" fill="${point.pareto ? '#0072b2' : '#ffffff'}" stroke="#0072b2"/><text x="${x(point.x).toFixed(1)}" y="${(y(point.y) + 4).toFixed(1)}" text-anchor="middle" font-size="11" fill="${point.pareto ? '#ffffff' : '#0072b2'}">${point.number}</text>
`,
)}`
}

/** Accuracy of every variant against what it costs, the Pareto front filled, as a picture for documents. */
export function quantizeSvg(report: QuantizeReport): string {
  const axes = axesOf(report)
  const worth = worthOf(report)
  const width = axes.length * panelWidth + legendWidth
  const shown = report.rows.flatMap((row, at) => (row.leftOut === null ? [{ row, number: at + 1 }] : []))
  return html`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" font-size="12" fill="#14202b">
<rect width="${width}" height="${height}" fill="#ffffff"/>
<text x="${edge.left}" y="20" font-weight="600">${report.model}: what every variant gives and costs (filled: no other one is better in everything)</text>
${axes.map((axis, at) => panel(at * panelWidth, axis, worth, report.rows))}
${shown.map(
  ({ row, number }, at) =>
    html`<text x="${axes.length * panelWidth + 10}" y="${edge.top + 14 + 18 * at}" font-size="11">${number}  ${row.name}</text>
`,
)}
</svg>
`.source
}

import { formatTick, ticks } from './axis.ts'
import { html } from './html-escape.ts'
import type { RocPoint, RocReport } from './roc.ts'

const [width, height] = [1100, 420]
const edge = { left: 70, right: 330, top: 34, bottom: 48 } as const
const inner = { width: width - edge.left - edge.right, height: height - edge.top - edge.bottom } as const
/** Tells lines apart also for those who see no red or green (Okabe and Ito). */
const colours = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#6b6b6b'] as const
const dashes = ['', '6 4', '2 3'] as const
/** Range of the picture: what lies beyond is of no use to anyone. */
const mostAlarms = 12

/** A step line: fewer misses only where more alarms are allowed. */
function pathOf(
  points: readonly RocPoint[],
  condition: string,
  x: (v: number) => number,
  y: (v: number) => number,
): string {
  let path = ''
  let last: number | null = null
  for (const { falseAlarmsPerHour, missRate } of points) {
    if (falseAlarmsPerHour > mostAlarms) break
    const miss = missRate[condition]
    if (miss === undefined) continue
    const [px, py] = [x(falseAlarmsPerHour).toFixed(1), y(100 * miss).toFixed(1)]
    path += last === null ? `M${px} ${py}` : `H${px}V${py}`
    last = miss
  }
  return last === null ? '' : `${path}H${x(mostAlarms).toFixed(1)}`
}

/** Misses against false alarms an hour, a line a variant and condition, as a picture for documents. */
export function rocSvg({ variants, model, wantedFalseAlarmsPerHour }: RocReport): string {
  const conditions = Object.keys(variants[0]?.missRate ?? {})
  const misses = variants.flatMap(({ roc }) =>
    roc.flatMap(({ missRate }) => Object.values(missRate).map((share) => 100 * share)),
  )
  const top = Math.max(5, ...misses) * 1.05
  const x = (alarms: number) => edge.left + (alarms / mostAlarms) * inner.width
  const y = (percent: number) => edge.top + (1 - percent / top) * inner.height
  const lines = variants.flatMap(({ variant, roc }, at) =>
    conditions.map((condition, kind) => ({
      variant,
      roc,
      condition,
      colour: colours[at % colours.length]!,
      dash: dashes[kind % dashes.length]!,
    })),
  )
  return html`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" font-size="12" fill="#14202b">
<rect width="${width}" height="${height}" fill="#ffffff"/>
<text x="${edge.left}" y="20" font-weight="600">${model}: misses against false alarms, validation audio</text>
${ticks(0, top, 6).map(
  (tick) =>
    html`<line x1="${edge.left}" x2="${edge.left + inner.width}" y1="${y(tick).toFixed(1)}" y2="${y(tick).toFixed(1)}" stroke="#e8ecf0"/><text x="${edge.left - 8}" y="${(y(tick) + 4).toFixed(1)}" text-anchor="end" fill="#566573">${formatTick(tick)}</text>
`,
)}
${ticks(0, mostAlarms, 8).map(
  (
    tick,
  ) => html`<text x="${x(tick).toFixed(1)}" y="${height - 28}" text-anchor="middle" fill="#566573">${formatTick(tick)}</text>
`,
)}
<text x="${edge.left + inner.width / 2}" y="${height - 8}" text-anchor="middle" fill="#566573">False alarms an hour without keywords</text>
<text transform="translate(18 ${edge.top + inner.height / 2}) rotate(-90)" text-anchor="middle" fill="#566573">Keywords missed (%)</text>
<line x1="${x(wantedFalseAlarmsPerHour).toFixed(1)}" x2="${x(wantedFalseAlarmsPerHour).toFixed(1)}" y1="${edge.top}" y2="${edge.top + inner.height}" stroke="#9aa8b5" stroke-dasharray="3 3"/>
${lines.map(
  ({ roc, condition, colour, dash }) =>
    html`<path d="${pathOf(roc, condition, x, y)}" fill="none" stroke="${colour}" stroke-width="1.8" stroke-dasharray="${dash}"/>
`,
)}
${lines.map(
  ({ variant, condition, colour, dash }, at) =>
    html`<line x1="${width - edge.right + 16}" x2="${width - edge.right + 44}" y1="${edge.top + 10 + 18 * at}" y2="${edge.top + 10 + 18 * at}" stroke="${colour}" stroke-width="2" stroke-dasharray="${dash}"/><text x="${width - edge.right + 50}" y="${edge.top + 14 + 18 * at}" font-size="11">${variant}, ${condition}</text>
`,
)}
</svg>
`.source
}

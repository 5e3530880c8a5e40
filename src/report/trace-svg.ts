import type { TraceInspection } from '../trace/inspect.ts'
import type { PyramidColumns } from '../trace/pyramid.ts'
import { formatTick, ticks } from './axis.ts'
import { extent, scaleFor } from './format.ts'
import { html } from './html-escape.ts'
import { traceName } from './trace-text.ts'

const [width, height] = [1000, 360]
const edge = { left: 70, right: 16, top: 34, bottom: 44 } as const
const inner = { width: width - edge.left - edge.right, height: height - edge.top - edge.bottom } as const

/** A trace as a picture for documents: mean power, its range from min to max, and the measuring windows. */
export function traceSvg(inspection: TraceInspection, columns: PyramidColumns): string {
  const [low, high] = [Math.min(0, extent(columns.minW)?.[0] ?? 0), extent(columns.maxW)?.[1] ?? 0]
  const top = high > low ? high + 0.04 * (high - low) : low + 1
  const scale = scaleFor([high], 'W', '')
  const endS = columns.startS + columns.columnS * Math.max(1, columns.meanW.length)
  const x = (seconds: number) => edge.left + ((seconds - columns.startS) / (endS - columns.startS)) * inner.width
  const y = (watts: number) => edge.top + (1 - (watts - low) / (top - low)) * inner.height
  const at = (column: number) => x(columns.startS + (column + 0.5) * columns.columnS)
  const powerTicks = ticks(low * scale.perSi, top * scale.perSi, 6)
  const picture = html`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" font-size="12" fill="#14202b">
<rect width="${width}" height="${height}" fill="#ffffff"/>
<text x="${edge.left}" y="20" font-weight="600">${traceName(inspection)}, power ${inspection.provenance}</text>
${inspection.windows.map(
  (
    window,
  ) => html`<rect x="${fixed(x(window.startS))}" y="${edge.top}" width="${fixed(Math.max(1, x(window.endS) - x(window.startS)))}" height="${inner.height}" fill="#d98c0a" fill-opacity="0.16"><title>${window.label}</title></rect>
`,
)}
${powerTicks.map(
  (
    tick,
  ) => html`<line x1="${edge.left}" x2="${width - edge.right}" y1="${fixed(y(tick / scale.perSi))}" y2="${fixed(y(tick / scale.perSi))}" stroke="#e8ecf0"/><text x="${edge.left - 8}" y="${fixed(y(tick / scale.perSi) + 4)}" text-anchor="end" fill="#566573">${formatTick(tick)}</text>
`,
)}
${ticks(columns.startS, endS, 8).map(
  (
    tick,
  ) => html`<text x="${fixed(x(tick))}" y="${height - 24}" text-anchor="middle" fill="#566573">${formatTick(tick)}</text>
`,
)}
<text x="${edge.left + inner.width / 2}" y="${height - 6}" text-anchor="middle" fill="#566573">Time (s)</text>
<text transform="translate(16 ${edge.top + inner.height / 2}) rotate(-90)" text-anchor="middle" fill="#566573">Power (${scale.unit})</text>
<path d="${bandPath(columns, at, y)}" fill="#0b6e8a" fill-opacity="0.25"/>
<path d="${linePath(columns, at, y)}" fill="none" stroke="#0b6e8a" stroke-width="1.2"/>
</svg>
`
  return picture.source
}

const fixed = (value: number) => value.toFixed(1)

type Place = (value: number) => number

function linePath({ meanW }: PyramidColumns, at: Place, y: Place): string {
  return meanW
    .map((value, column) =>
      value === null ? '' : `${meanW[column - 1] == null ? 'M' : 'L'}${fixed(at(column))} ${fixed(y(value))}`,
    )
    .join('')
}

/** One closed shape for each run of columns that hold samples. */
function bandPath({ minW, maxW }: PyramidColumns, at: Place, y: Place): string {
  let path = ''
  for (let from = 0; from < maxW.length; ) {
    let to = from
    while (to < maxW.length && maxW[to] !== null) to++
    const columns = Array.from({ length: to - from }, (_, offset) => from + offset)
    const upper = columns.map((column) => `${fixed(at(column))} ${fixed(y(maxW[column]!))}`)
    const lower = columns.reverse().map((column) => `${fixed(at(column))} ${fixed(y(minW[column]!))}`)
    if (columns.length > 0) path += `M${upper.join('L')}L${lower.join('L')}Z`
    from = Math.max(to, from + 1)
  }
  return path
}

import type { InspectedTrace, InspectedWindow, TraceInspection } from '../trace/inspect.ts'
import { formatCount, formatEnergy, formatNumber, formatPower, noFigure, scaleFor, withUnit } from './format.ts'
import { sparkline, windowLine } from './power-picture.ts'
import { cleanLine, plainStyle, type Table, type TextStyle, tableLines, wrap } from './table.ts'

/** Windows that text shows; the JSON holds all of them. */
const mostRows = 40

/** A share as parts per million up to 0.1 %, as per cent above. */
function formatShare(share: number | null): string {
  if (share === null) return noFigure
  const sign = share < 0 ? '-' : '+'
  const size = Math.abs(share)
  if (size < 1e-7) return '< 0.1 ppm'
  return size < 1e-3 ? `${sign}${formatNumber(size * 1e6, 2)} ppm` : `${sign}${formatNumber(size * 100, 3)} %`
}

/** The last two parts of a trace's path, which tell it from its neighbours. */
export function traceName({ path }: TraceInspection): string {
  return path.split(/[\\/]/).slice(-2).join('/')
}

/** The windows of a trace as a table. */
export function windowTable({ windows, provenance }: TraceInspection): Table {
  const shown = windows.slice(0, mostRows)
  const scale = scaleFor(
    shown.map((window) => window.energyJ),
    'J',
    '',
  )
  const each = scaleFor(
    shown.map((window) => window.energyPerInferenceJ),
    'J',
    '',
  )
  const hasPublished = shown.some((window) => window.publishedJ !== null)
  const inUnit = (value: number | null, perSi: number) => (value === null ? noFigure : formatNumber(value * perSi, 6))
  const row = (window: InspectedWindow, at: number) => [
    { text: String(at + 1) },
    { text: window.label },
    { text: formatNumber(window.startS, 5) },
    { text: formatNumber(window.endS - window.startS, 5) },
    { text: window.inferences === null ? noFigure : formatCount(window.inferences) },
    { text: inUnit(window.energyJ, scale.perSi) },
    { text: inUnit(window.energyPerInferenceJ, each.perSi) },
    ...(hasPublished ? [{ text: formatShare(window.againstPublished) }] : []),
    { text: window.verdict, tone: window.verdict === 'complete' ? ('good' as const) : ('warn' as const) },
  ]
  return {
    columns: [
      { title: '#', align: 'right' },
      { title: 'window', align: 'left', shrinks: true, drops: 1 },
      { title: 'start s', align: 'right' },
      { title: 'length s', align: 'right' },
      { title: 'inferences', align: 'right' },
      { title: `energy ${scale.unit} ${provenance}`, align: 'right' },
      { title: `${each.unit}/inference ${provenance}`, align: 'right' },
      ...(hasPublished ? [{ title: 'against published', align: 'right' as const }] : []),
      { title: 'verdict', align: 'left' },
    ],
    rows: shown.map(row),
  }
}

/** What there is to say of a trace, name by name. */
export function traceFacts(inspection: TraceInspection): readonly (readonly [string, string])[] {
  const { provenance, meter } = inspection
  const gapMs = inspection.largestGapS * 1000
  const lost = inspection.lost > 0 ? `, the longest gap ${formatNumber(gapMs, 3)} ms` : ''
  const range = `${withUnit(inspection.minPowerW, 'W', '')} to ${formatPower(inspection.maxPowerW, provenance)}`
  const name = [meter.model ?? meter.driver, meter.serialNumber].filter((part) => part !== undefined).join(' ')
  const median = inspection.medianEnergyPerInferenceJ
  const published = inspection.publishedMedianEnergyPerInferenceJ
  return [
    ['Meter', `${name || 'unknown'}${inspection.supplyV === null ? '' : `, ${formatNumber(inspection.supplyV, 3)} V`}`],
    [
      'Length',
      `${formatNumber(inspection.durationS, 5)} s at ${formatCount(inspection.sampleRateHz)} samples a second`,
    ],
    [
      'Samples',
      `${formatCount(inspection.samples)} (${formatCount(inspection.lost)} lost${lost}, ${formatCount(inspection.invalid)} invalid)`,
    ],
    ['Power', `mean ${formatPower(inspection.meanPowerW, provenance)}, ${range}`],
    ['Energy', formatEnergy(inspection.energyJ, provenance)],
    [
      'Windows',
      inspection.windows.length > 0
        ? `${inspection.windows.length} by ${inspection.windowMethod}`
        : inspection.windowMethod,
    ],
    ...(median === null
      ? []
      : [['Median per inference', `${formatNumber(median * 1e6, 6)} µJ ${provenance}`] as const]),
    ...(published === null ? [] : [['Published median', `${formatNumber(published * 1e6, 6)} µJ`] as const]),
    ['Verdict', [inspection.verdict, ...inspection.reasons.slice(0, 6)].join('; ')],
    ...inspection.notes.map((note) => ['Note', note] as const),
  ]
}

/** An inspected trace as text for a terminal, with a small picture; no line feed at the end. */
export function traceText(
  { inspection, columns }: InspectedTrace,
  width: number,
  style: TextStyle = plainStyle,
): string {
  const picture = columns(Math.min(width, 100))
  const rows = traceFacts(inspection)
  const room = Math.max(...rows.map(([name]) => name.length)) + 2
  const marks = windowLine(picture, inspection.windows)
  const more = inspection.windows.length - mostRows
  const lines = [
    style.strong(cleanLine(inspection.path)),
    `${inspection.format}, every figure ${inspection.provenance}`,
    '',
    sparkline(picture),
    ...(marks ? [marks] : []),
    '',
    ...(inspection.windows.length > 0
      ? [...tableLines(windowTable(inspection), width, style), ...(more > 0 ? [`… and ${more} more`] : []), '']
      : []),
    ...rows.flatMap(([name, text]) => {
      const [first = '', ...rest] = wrap(cleanLine(text), Math.max(30, width - room))
      return [`${style.faint(name.padEnd(room))}${first}`, ...rest.map((line) => ' '.repeat(room) + line)]
    }),
  ]
  return lines.join('\n')
}

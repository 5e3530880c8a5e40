import { proportionInterval } from '../core/stats.ts'
import {
  columnFormat,
  finite,
  formatBytes,
  formatMacs,
  formatNumber,
  formatPercent,
  formatPercentRange,
  inScale,
  noFigure,
  type Scale,
  scaleFor,
  withUnit,
} from './format.ts'
import type { AccuracyReport, InferenceRow, PlanRow, RunReport } from './report.ts'
import type { Cell, Table } from './table.ts'

const left = (title: string) => ({ title, align: 'left' as const })
const right = (title: string) => ({ title, align: 'right' as const })

/** Display unit of the energies of single inferences: mJ, or µJ when all are small. */
export function inferenceEnergyScale(rows: readonly InferenceRow[]): Scale {
  const middle = finite(rows.map((row) => row.energyJ)).map(Math.abs)
  const largest = middle.reduce((most, value) => Math.max(most, value), 0)
  return largest > 0 && largest < 1e-4 ? { unit: 'µJ', perSi: 1e6 } : { unit: 'mJ', perSi: 1e3 }
}

/** One row an inference. Its last column holds the provenance of both its power and its energy. */
export function inferenceTable(rows: readonly InferenceRow[]): Table {
  const scale = inferenceEnergyScale(rows)
  const expected = rows.some((row) => row.expected !== undefined)
  const columns = [
    { ...left('clip'), shrinks: true },
    left('keyword'),
    ...(expected ? [{ ...left('expected'), drops: 1 }] : []),
    right('confidence'),
    right('latency ms'),
    right('mean mW'),
    right(`energy ${scale.unit}`),
    left('provenance'),
  ]
  const figures: FigureFormats = {
    latency: columnFormat(
      rows.map((row) => row.latencyS),
      { unit: 'ms', perSi: 1e3 },
    ),
    power: columnFormat(
      rows.map((row) => row.meanPowerW),
      { unit: 'mW', perSi: 1e3 },
    ),
    energy: columnFormat(
      rows.map((row) => row.energyJ),
      scale,
    ),
  }
  return { columns, rows: rows.map((row) => inferenceCells(row, figures, expected)) }
}

/** Name of an inference: its clip, and where in the clip the window begins. */
export function inferenceName(row: InferenceRow): string {
  return row.windowStartS > 0 ? `${row.clip} @ ${row.windowStartS.toFixed(2)} s` : row.clip
}

type FigureFormats = Readonly<Record<'latency' | 'power' | 'energy', (value: number | null) => string>>

function inferenceCells(row: InferenceRow, figures: FigureFormats, expected: boolean): Cell[] {
  const wrong = row.expected !== undefined && row.expected !== row.label
  const bound = row.energyJ !== null && row.energyReason !== undefined ? '≥ ' : ''
  return [
    { text: inferenceName(row) },
    wrong ? { text: `${row.label} ✗`, tone: 'bad' } : { text: row.label },
    ...(expected ? [{ text: row.expected ?? noFigure }] : []),
    { text: formatPercent(row.confidence) },
    { text: figures.latency(row.latencyS) },
    { text: figures.power(row.meanPowerW) },
    { text: bound + figures.energy(row.energyJ) },
    row.provenance ? { text: row.provenance, tone: 'warn' } : { text: noFigure, tone: 'faint' },
  ]
}

/** Rejected rows without a figure of their own that one backend rejects for one reason stand together. */
function together(rows: readonly PlanRow[]): readonly (readonly PlanRow[])[] {
  const groups = new Map<unknown, PlanRow[]>()
  for (const row of rows) {
    const alone = row.verdict !== 'rejected' || row.latencyS !== null || row.energyJ !== null
    const key = alone ? row : JSON.stringify([row.backend, row.device, row.reason])
    groups.set(key, [...(groups.get(key) ?? []), row])
  }
  return [...groups.values()]
}

/**
 * Candidates of the plan, chosen first, then eligible, then rejected; reasons are not part of it, but of `sources`, the
 * first candidate of every row.
 */
export function planTable(report: Pick<RunReport, 'plan'>): Table & { readonly sources: readonly PlanRow[] } {
  const order = ['chosen', 'eligible', 'rejected']
  const sorted = [...report.plan.candidates].sort((a, b) => order.indexOf(a.verdict) - order.indexOf(b.verdict))
  const groups = together(sorted)
  const columns = [
    left('verdict'),
    left('variant'),
    left('backend'),
    { ...left('device'), drops: 4 },
    right('accuracy'),
    { ...right('size'), drops: 2 },
    { ...right('MACs'), drops: 1 },
    right('p50 ms'),
    { ...right('p95 ms'), drops: 3 },
    right('energy'),
  ]
  return { columns, sources: groups.map(([first]) => first!), rows: groups.map(groupCells) }
}

const verdictTones = { chosen: 'good', eligible: 'strong', rejected: 'faint' } as const

function groupCells(group: readonly PlanRow[]): Cell[] {
  const [first] = group
  const cells = planCells(first!)
  if (group.length === 1) return cells
  const none = { text: noFigure }
  return [cells[0]!, { text: `${group.length} variants` }, cells[2]!, cells[3]!, ...cells.slice(4).map(() => none)]
}

function planCells(row: PlanRow): Cell[] {
  const ms = { unit: 'ms', perSi: 1e3 }
  return [
    { text: row.verdict, tone: verdictTones[row.verdict] },
    { text: row.variant },
    { text: row.backend },
    { text: row.device },
    { text: formatPercent(row.accuracy) },
    { text: formatBytes(row.modelBytes) },
    { text: formatMacs(row.macs) },
    { text: inScale(row.latencyS, ms) },
    { text: inScale(row.latencyP95S, ms) },
    row.energyJ === null ? { text: noFigure } : { text: withUnit(row.energyJ, 'J', ''), provenance: row.provenance },
  ]
}

/** Accuracy of each class with Wilson's 95 % interval. */
export function accuracyTable(accuracy: AccuracyReport): Table {
  const rows = accuracy.perClass.map(({ label, correct, total }) => [
    { text: label },
    { text: String(correct) },
    { text: String(total) },
    { text: total === 0 ? noFigure : formatPercent(correct / total) },
    { text: total === 0 ? noFigure : formatPercentRange(proportionInterval(correct, total)) },
  ])
  const columns = [left('class'), right('right'), right('clips'), right('accuracy'), right('95 % interval')]
  return { columns, rows }
}

/** Confusion matrix: rows expected, columns answered; the diagonal is marked good, errors bad. */
export function confusionTable(accuracy: AccuracyReport): Table {
  const rows = accuracy.confusion.map((counts, expected) => [
    { text: accuracy.labels[expected] ?? '?' },
    ...counts.map((count, answered): Cell => {
      if (count === 0) return { text: '·', tone: 'faint' }
      return { text: String(count), tone: expected === answered ? 'good' : 'bad' }
    }),
  ])
  return { columns: [left('expected'), ...accuracy.labels.map((label) => right(label))], rows }
}

/** What was looked for on this machine. */
export function deviceTable(report: RunReport): Table {
  const rows = report.machine.devices.map((finding): Cell[] => {
    if (finding.status === 'absent') {
      return [{ text: finding.kind }, { text: noFigure }, { text: 'absent', tone: 'faint' }, { text: finding.reason }]
    }
    const name = { text: finding.device.name }
    if (finding.status === 'found') {
      return [{ text: finding.kind }, name, { text: 'found', tone: 'good' }, { text: finding.device.id }]
    }
    const why = `${finding.reason} ${finding.next}`
    return [{ text: finding.kind }, name, { text: 'not usable', tone: 'warn' }, { text: why }]
  })
  return { columns: [left('kind'), left('name'), left('status'), left('detail')], rows }
}

/** Why energies are missing or incomplete: each reason once, with how many inferences it holds for. */
export function energyReasons(rows: readonly InferenceRow[]): readonly string[] {
  const counts = new Map<string, number>()
  for (const row of rows) if (row.energyReason) counts.set(row.energyReason, (counts.get(row.energyReason) ?? 0) + 1)
  return [...counts].map(([reason, count]) => `${count} of ${rows.length} inferences: ${reason}`)
}

/** Unit and factor for a plot of these watts. */
export function plotScale(maxW: number | null): Scale {
  return scaleFor([maxW], 'W', '')
}

/** Uncertainty of one window edge in words. */
export function edgeWords(seconds: number): string {
  if (!Number.isFinite(seconds)) return 'unknown'
  return seconds < 1e-3 ? `±${formatNumber(seconds * 1e6, 2)} µs` : `±${formatNumber(seconds * 1e3, 2)} ms`
}

import type { Provenance } from '../core/provenance.ts'
import { extent } from './format.ts'
import { palettes } from './html-style.ts'
import type { RunReport, TracePlot } from './report.ts'
import { inferenceEnergyScale, inferenceName, plotScale } from './tables.ts'

/** What the bars of the second plot stand for. */
export function barKind(report: RunReport): 'energy' | 'latency' {
  return report.inferences.some((row) => row.energyJ !== null) ? 'energy' : 'latency'
}

/** The data that the page's script draws, in display units. */
export function pageData(report: RunReport): Readonly<Record<string, unknown>> {
  const { trace, meter } = report
  return {
    palettes,
    trace: trace && trace.plot.meanW.length > 0 ? traceData(trace.plot, meter?.provenance ?? null) : null,
    bars: report.inferences.length > 0 ? barData(report) : null,
  }
}

/** Columns of a power plot as the page's script draws them, in display units. */
export function traceData(plot: TracePlot, provenance: Provenance | null): Readonly<Record<string, unknown>> {
  const scale = plotScale(extent(plot.maxW)?.[1] ?? null)
  const scaled = (values: readonly (number | null)[]) =>
    values.map((value) =>
      value === null || !Number.isFinite(value) ? null : Number((value * scale.perSi).toPrecision(6)),
    )
  return {
    unit: scale.unit,
    provenance: provenance ?? '',
    timesS: plot.meanW.map((_, at) => Number((plot.startS + (at + 0.5) * plot.columnS).toPrecision(9))),
    min: scaled(plot.minW),
    mean: scaled(plot.meanW),
    max: scaled(plot.maxW),
    windows: plot.windows,
  }
}

function barData(report: RunReport): Readonly<Record<string, unknown>> {
  const energy = barKind(report) === 'energy'
  const scale = energy ? inferenceEnergyScale(report.inferences) : { unit: 'ms', perSi: 1e3 }
  const rows = report.inferences.map((row) => {
    const value = energy ? row.energyJ : row.latencyS
    return {
      name: inferenceName(row),
      label: row.label,
      wrong: row.expected !== undefined && row.expected !== row.label,
      value: value === null || !Number.isFinite(value) ? null : value * scale.perSi,
      provenance: energy ? row.provenance : null,
    }
  })
  return { unit: scale.unit, label: `${energy ? 'Energy' : 'Latency'} (${scale.unit})`, rows }
}

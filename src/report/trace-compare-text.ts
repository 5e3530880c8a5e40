import type { ComparedFigure, TraceComparison } from '../trace/compare.ts'
import type { TraceInspection } from '../trace/inspect.ts'
import { formatNumber, noFigure, scaleFor } from './format.ts'
import { cleanLine, plainStyle, type TextStyle, tableLines, wrap } from './table.ts'

/** A comparison as text for a terminal; no line feed at the end. */
export function compareText(
  a: TraceInspection,
  b: TraceInspection,
  comparison: TraceComparison,
  width: number,
  style: TextStyle = plainStyle,
): string {
  const row = (name: string, { a: left, b: right, change }: ComparedFigure, unit: string) => {
    const scale = scaleFor([left, right], unit, '')
    const text = (value: number | null) => (value === null ? noFigure : formatNumber(value * scale.perSi, 5))
    return [
      { text: name },
      { text: text(left) },
      { text: text(right) },
      { text: scale.unit },
      { text: change === null ? noFigure : `${change < 0 ? '' : '+'}${formatNumber(change * 100, 3)} %` },
    ]
  }
  const table = {
    columns: [
      { title: 'figure', align: 'left' as const },
      { title: `A ${a.provenance}`, align: 'right' as const },
      { title: `B ${b.provenance}`, align: 'right' as const },
      { title: 'unit', align: 'left' as const },
      { title: 'B against A', align: 'right' as const },
    ],
    rows: [
      row('duration', comparison.durationS, 's'),
      row('mean power', comparison.meanPowerW, 'W'),
      row('energy', comparison.energyJ, 'J'),
      row('energy per inference', comparison.energyPerInferenceJ, 'J'),
    ],
  }
  const { windowsA, windowsB } = comparison.energyPerInferenceJ
  return [
    `A  ${cleanLine(a.path)} (${windowsA} of ${a.windows.length} windows count)`,
    `B  ${cleanLine(b.path)} (${windowsB} of ${b.windows.length} windows count)`,
    '',
    ...tableLines(table, width, style),
    '',
    ...wrap(comparison.statement, width).map(style.strong),
    ...comparison.caveats.flatMap((caveat) => wrap(`Note: ${caveat}.`, width)),
  ].join('\n')
}

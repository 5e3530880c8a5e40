import type { Provenance } from '../core/provenance.ts'
import type { LayerSolution } from '../energy/layers.ts'
import { factLines } from './fact-lines.ts'
import type { Fact } from './facts.ts'
import { formatEnergy, formatMacs, formatPercent, formatTime, inScale, scaleFor } from './format.ts'
import { type TextStyle, tableLines } from './table.ts'

/** Energy by layers, ready to be shown. */
export interface LayerReport {
  readonly version: 1
  readonly kind: 'milliwatt-energy-layers'
  readonly model: string
  readonly provenance: Provenance
  readonly solution: LayerSolution
  readonly layers: readonly { readonly kernel: string; readonly macs: number; readonly runS: number }[]
}

/** Half width of an interval in per cent of its figure. */
function halfShare({ valueJ, intervalJ }: LayerSolution['sum']): string {
  return intervalJ ? `±${formatPercent((intervalJ[1] - intervalJ[0]) / 2 / Math.abs(valueJ), 1)}` : '–'
}

/** Energy by layers as text; ends with a line feed. */
export function layersText(report: LayerReport, width: number, style: TextStyle): string {
  const { solution, layers, provenance, model } = report
  const scale = scaleFor(
    solution.layers.map(({ figure }) => figure.valueJ),
    'J',
    '',
  )
  const table = {
    columns: [
      { title: 'layer', align: 'left', shrinks: true },
      { title: 'kernel', align: 'left', drops: 1 },
      { title: 'MACs', align: 'right', drops: 2 },
      { title: 'time', align: 'right' },
      { title: `energy ${scale.unit} ${provenance}`, align: 'right' },
      { title: 'interval', align: 'right' },
      { title: 'share', align: 'right' },
    ],
    rows: solution.layers.map(({ name, figure, share }, at) => [
      { text: name },
      { text: layers[at]!.kernel },
      { text: formatMacs(layers[at]!.macs) },
      { text: formatTime(layers[at]!.runS) },
      { text: inScale(figure.valueJ, scale) },
      { text: halfShare(figure) },
      { text: formatPercent(share) },
    ]),
  } as const
  const half = solution.sumAgainstWholeHalf
  const against = `${solution.sumAgainstWhole >= 0 ? '+' : ''}${formatPercent(solution.sumAgainstWhole, 2)}`
  const facts: readonly Fact[] = [
    { name: 'Sum of the layers', value: formatEnergy(solution.sum.valueJ, provenance), detail: 'one call included' },
    { name: 'Whole model', value: formatEnergy(solution.whole.valueJ, provenance), detail: halfShare(solution.whole) },
    {
      name: 'Sum against whole',
      value: against,
      detail: half === null ? 'one round, so no interval' : `±${formatPercent(half, 2)} over ${solution.rounds} rounds`,
    },
    { name: 'One empty call', value: formatEnergy(solution.callJ, provenance) },
  ]
  const title = `Energy of ${model} by layer, single layers repeated and interleaved over ${solution.rounds} rounds`
  return `${[style.strong(title), ...tableLines(table, width, style), '', ...factLines(facts, width, style)].join('\n')}\n`
}

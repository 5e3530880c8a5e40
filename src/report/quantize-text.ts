import { columnFormat, formatBytes, formatMacs, formatStamp, formatTime, noFigure, scaleFor } from './format.ts'
import type { QuantizeReport, QuantizeRow } from './quantize-report.ts'
import { type Cell, cleanLine, plainStyle, type Table, type TextStyle, tableLines, wrap } from './table.ts'

const decibels = (value: number | null) =>
  value === null ? noFigure : value === Number.POSITIVE_INFINITY ? 'exact' : value.toFixed(1)

function worthCells({ value, correct, total, drop, signalToNoiseDb, leftOut }: QuantizeRow): readonly Cell[] {
  const points = drop === null ? noFigure : (100 * drop).toFixed(2)
  return [
    { text: value === null ? noFigure : `${(100 * value).toFixed(2)} % (${correct}/${total})` },
    { text: points, ...(leftOut === null ? {} : { tone: 'bad' as const }) },
    { text: decibels(signalToNoiseDb) },
  ]
}

/** Energies of all rows in one scale, the column's head first; null where none is known. */
function energyColumn(rows: readonly QuantizeRow[]) {
  const energies = rows.map(({ energyJ }) => energyJ)
  if (energies.every((energyJ) => energyJ === null)) return null
  const scale = scaleFor(energies, 'J')
  return { title: `energy (${scale.unit})`, text: columnFormat(energies, scale) }
}

/** Every variant with what it gives and costs. @param recipes a column more: how each was made */
export function quantizeTable({ rows, measure }: QuantizeReport, recipes = false): Table {
  const energy = energyColumn(rows)
  return {
    columns: [
      { title: 'variant', align: 'left' },
      { title: measure === 'agreement' ? 'agreement with float' : 'accuracy', align: 'right' },
      { title: 'points lost', align: 'right' },
      { title: 'SQNR dB', align: 'right' },
      { title: 'file', align: 'right' },
      { title: 'MACs', align: 'right' },
      { title: 'latency', align: 'right' },
      ...(energy ? [{ title: energy.title, align: 'right' as const }] : []),
      ...(recipes ? [{ title: 'made by', align: 'left' as const }] : []),
    ],
    rows: rows.map((row) => [
      { text: row.pareto ? `${row.name} *` : row.name, ...(row.pareto ? { tone: 'strong' as const } : {}) },
      ...worthCells(row),
      { text: formatBytes(row.bytes) },
      { text: formatMacs(row.macs) },
      { text: formatTime(row.latencyS) },
      ...(energy ? [{ text: energy.text(row.energyJ), provenance: row.provenance }] : []),
      ...(recipes ? [{ text: row.leftOut ?? row.how }] : []),
    ]),
  }
}

/** How near the model's answers stay when one layer alone is in int8. */
export function layerTable({ layers }: QuantizeReport): Table {
  return {
    columns: [
      { title: 'layer', align: 'left' },
      { title: 'makes', align: 'left', shrinks: true },
      { title: 'SQNR dB when it alone is int8', align: 'right' },
    ],
    rows: layers.map(({ op, output, aloneDb }) => [{ text: op }, { text: output }, { text: decibels(aloneDb) }]),
  }
}

/** Where the figures come from, a sentence each. */
export function quantizeNotes(report: QuantizeReport): readonly string[] {
  const { calibration, evaluation, measure, rows, notes } = report
  const counted =
    measure === null || !evaluation
      ? 'No samples with a choice to count: variants are compared by the signal-to-quantisation-noise ratio (SQNR) of their answers.'
      : `${measure === 'accuracy' ? 'Accuracy' : 'Agreement with the float model'} over ${evaluation.samples} samples of ${evaluation.source}.`
  const one = rows.find(({ total }) => total !== null)
  const backends = [...new Set(rows.flatMap(({ backend }) => backend ?? []))]
  return [
    `Ranges from ${calibration.samples} samples of ${calibration.source}; SQNR on ${calibration.judging} others.`,
    counted,
    ...(one ? [`One answer is ${(100 / one.total!).toFixed(2)} points.`] : []),
    ...rows.flatMap(({ name, leftOut }) => (leftOut === null ? [] : [`${name} is ${leftOut}.`])),
    ...(backends.length > 0 ? [`Latency: median on ${backends.join(', ')}.`] : []),
    ...(energyColumn(rows) ? [] : ['Energy: no meter, and nobody published the power of this machine (--meter).']),
    ...(rows.some(({ pareto }) => pareto)
      ? ['*: no other variant is at least as good in everything and better in something.']
      : []),
    ...notes,
  ]
}

/** A quantised family as text of a width; ends with a line feed. */
export function quantizeText(report: QuantizeReport, width: number, style: TextStyle = plainStyle): string {
  const { milliwatt, model, startedAt, machine, rows, folder } = report
  const files = rows.flatMap((row) => row.files)
  return `${[
    style.strong(cleanLine(`milliwatt ${milliwatt}: ${model} quantised`)),
    ...wrap(`${formatStamp(startedAt)} on ${machine.name} (${machine.runtime})`, width),
    '',
    ...tableLines(quantizeTable(report), width, style),
    '',
    ...quantizeNotes(report).flatMap((note) => wrap(note, width)),
    ...wrap(`${files.length} model files in ${folder}`, width),
  ].join('\n')}\n`
}

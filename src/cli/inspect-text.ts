import type { DataType, Dimension } from '../graph/graph.ts'
import type { Quantization } from '../graph/quantization.ts'
import type { InspectedTensor, Inspection } from '../loop/inspection.ts'
import { formatBytes, formatCount, formatMacs, noFigure } from '../report/format.ts'
import { cleanLine, type Table, type TextStyle, tableLines, wrap } from '../report/table.ts'

const shapeText = (shape: readonly Dimension[] | null): string => (shape ? `[${shape.join(', ')}]` : noFigure)

/** The recorded shape, and beside it what the file leaves open. */
const borderShape = ({ shape, signature }: InspectedTensor): string =>
  signature ? `${shapeText(shape)} of ${shapeText(signature)}` : shapeText(shape)

/** A scale and zero point in few digits; by-channel ones as a range. */
function quantizationText(quantization: Quantization | null): string {
  if (!quantization) return noFigure
  const { scales, zeroPoints, axis } = quantization
  const digits = (value: number) => String(Number(value.toPrecision(6)))
  if (scales.length === 1) return `scale ${digits(scales[0]!)}, zero point ${zeroPoints[0] ?? 0}`
  const range = scales.reduce(([low, high], scale) => [Math.min(low, scale), Math.max(high, scale)] as const, [
    Number.POSITIVE_INFINITY,
    0,
  ] as readonly [number, number])
  return `${scales.length} scales on axis ${axis}, ${digits(range[0])} to ${digits(range[1])}`
}

function borderTable(inspection: Inspection): Table {
  const row = (kind: string) => (tensor: InspectedTensor) => [
    { text: kind },
    { text: tensor.name },
    { text: tensor.dtype },
    { text: borderShape(tensor) },
    { text: quantizationText(tensor.quantization) },
  ]
  return {
    columns: [
      { title: 'border', align: 'left' },
      { title: 'name', align: 'left', shrinks: true },
      { title: 'dtype', align: 'left' },
      { title: 'shape', align: 'left' },
      { title: 'quantisation', align: 'left' },
    ],
    rows: [...inspection.inputs.map(row('input')), ...inspection.outputs.map(row('output'))],
  }
}

const typeText = (dtype: DataType | null): string => dtype ?? noFigure

function nodeTable({ nodes }: Inspection): Table {
  return {
    columns: [
      { title: 'op', align: 'left' },
      { title: 'node', align: 'left', shrinks: true, drops: 1 },
      { title: 'output', align: 'left' },
      { title: 'dtype', align: 'left' },
      { title: 'MACs', align: 'right' },
      { title: 'weight B', align: 'right' },
    ],
    rows: nodes.map(({ op, name, shape, dtype, macs, weightBytes }) => [
      { text: op },
      { text: name },
      { text: shapeText(shape) },
      { text: typeText(dtype) },
      { text: formatMacs(macs) },
      { text: formatCount(weightBytes) },
    ]),
  }
}

function factLines(facts: readonly (readonly [string, string])[], width: number): readonly string[] {
  const most = Math.max(...facts.map(([label]) => label.length))
  return facts.flatMap(([label, text]) => {
    const [first = '', ...rest] = wrap(text, width - most - 2)
    return [`${label.padEnd(most)}  ${first}`, ...rest.map((line) => `${' '.repeat(most + 2)}${line}`)]
  })
}

function totalFacts({ totals, compiled }: Inspection): readonly (readonly [string, string])[] {
  const arena = compiled.ok
    ? `${formatCount(compiled.arenaBytes)} bytes (no plan can have less than ${formatCount(compiled.arenaLowerBoundBytes)})`
    : `not compiled: ${compiled.reason}`
  return [
    ['Computes in', totals.dtype],
    ['Parameters', formatCount(totals.parameters)],
    ['Weights', `${formatCount(totals.weightBytes)} bytes`],
    ['MACs', formatCount(totals.macs)],
    ['Arena', arena],
    ...(compiled.ok
      ? ([
          [
            'Module',
            `${formatCount(compiled.moduleBytes)} bytes, ${compiled.semantics} semantics, ${compiled.simd}; ${formatCount(compiled.macs)} MACs after pruning`,
          ],
        ] as const)
      : []),
  ]
}

function versionText({ format, opsets }: Inspection): string {
  const versions = Object.entries(opsets).map(([domain, version]) =>
    domain === 'tflite' ? `schema ${version}` : `opset ${domain === '' ? '' : `${domain} `}${version}`,
  )
  return `${format}, ${versions.join(', ')}`
}

const verdicts = new Map([
  [true, 'It fits'],
  [false, 'It does not fit'],
  [null, 'Not known whether it fits'],
])

function boardLines({ board }: Inspection, width: number, style: TextStyle): readonly string[] {
  if (!board) return []
  const memories = board.memories.map(({ memory, haveBytes, modelBytes, reservedBytes }) => {
    const have = haveBytes === null ? 'unknown' : formatCount(haveBytes)
    return [
      memory,
      `${formatCount(modelBytes)} bytes and ${formatCount(reservedBytes)} for the rest, of ${have}`,
    ] as const
  })
  const code = `${formatCount(board.constantBytes)} bytes of constants, ${formatCount(board.codeBytes)} of code (${board.codeIs})`
  const facts = [['Board', `${board.name}, ${board.core}; ${board.status}`], ...memories, ['Model in C', code]] as const
  return [
    '',
    style.strong(`${verdicts.get(board.fits)} ${board.board}`),
    ...factLines(facts, width),
    ...board.reasons.flatMap((reason) => wrap(reason, width)),
  ]
}

/** An inspection as text for a terminal, without a line feed at the end. */
export function inspectionText(inspection: Inspection, width: number, style: TextStyle): string {
  const { file, bytes, sha256, ops, backends } = inspection
  const runs = backends.map(({ name, ok, engine, reason }) => [name, ok ? `ok: ${engine}` : `no: ${reason}`] as const)
  const lines = [
    style.strong(cleanLine(file)),
    `${versionText(inspection)}, ${formatBytes(bytes)}, SHA-256 ${sha256}`,
    '',
    ...tableLines(borderTable(inspection), width, style),
    '',
    style.strong('Operators'),
    ...wrap(ops.map(({ op, version, count }) => `${count} × ${op} v${version}`).join(', '), width),
    '',
    ...tableLines(nodeTable(inspection), width, style),
    '',
    style.strong('Totals'),
    ...factLines(totalFacts(inspection), width),
    '',
    style.strong('Backends on the cpu'),
    ...factLines(runs, width),
    ...boardLines(inspection, width, style),
  ]
  return lines.join('\n')
}

import { lengthsOf } from '../formats/convert/constants.ts'
import { type Graph, type Node, numberAttribute } from '../graph/graph.ts'
import type { Layer } from './layers.ts'
import type { Samples } from './observe.ts'

/** Mean products of what a layer's weights are multiplied with: one matrix, or one a channel of a depthwise layer. */
export type PatchMoments = readonly (readonly Float64Array[])[]

/** Longer rows of weights take too long, and more samples than there are. */
const mostTaps = 320
/** Multiply-adds that a layer's moments may take. */
const mostWork = 3e8

interface Window {
  readonly height: number
  readonly width: number
  readonly channels: number
  readonly filterH: number
  readonly filterW: number
  readonly rows: number
  readonly columns: number
  readonly stride: readonly [number, number]
  readonly dilation: readonly [number, number]
  readonly pad: readonly [number, number]
}

/** How a layer slides over its input; a dense layer sees each row once. Null where lengths are open. */
function windowOf(graph: Graph, node: Node, { weights }: Layer): Window | null {
  const [x, out] = [node.inputs[0]!, node.outputs[0]!].map((name) => graph.tensors.get(name)?.shape)
  if (![...(x ?? ['?']), ...(out ?? ['?'])].every((length) => typeof length === 'number')) return null
  const one = [1, 1] as const
  if (node.op === 'fully_connected') {
    const channels = lengthsOf(weights)[1]!
    const rows = (x as number[]).reduce((product, length) => product * length, 1) / channels
    return {
      height: rows,
      width: 1,
      channels,
      filterH: 1,
      filterW: 1,
      rows,
      columns: 1,
      stride: one,
      dilation: one,
      pad: [0, 0],
    }
  }
  const [, height, width, channels] = x as number[]
  const [, rows, columns] = out as number[]
  const [, filterH, filterW] = lengthsOf(weights)
  const pair = (name: string, fallback: number) =>
    [numberAttribute(node, `${name}H`, fallback), numberAttribute(node, `${name}W`, fallback)] as const
  const pad = [numberAttribute(node, 'padTop', 0), numberAttribute(node, 'padLeft', 0)] as const
  const sides = { height: height!, width: width!, channels: channels!, filterH: filterH!, filterW: filterW! }
  return { ...sides, rows: rows!, columns: columns!, stride: pair('stride', 1), dilation: pair('dilation', 1), pad }
}

/** Elements under the window at a position, in the order of the weights: taps of all channels, or of each by itself. */
function patchAt(window: Window, values: Float32Array, row: number, column: number, patch: Float64Array): void {
  const { height, width, channels, filterH, filterW, stride, dilation, pad } = window
  let at = 0
  for (let dy = 0; dy < filterH; dy++) {
    const y = row * stride[0] - pad[0] + dy * dilation[0]
    for (let dx = 0; dx < filterW; dx++) {
      const x = column * stride[1] - pad[1] + dx * dilation[1]
      const inside = y >= 0 && y < height && x >= 0 && x < width
      const from = (y * width + x) * channels
      for (let c = 0; c < channels; c++) patch[at++] = inside ? values[from + c]! : 0
    }
  }
}

function addProducts(matrix: readonly Float64Array[], patch: Float64Array, step: number, from: number): void {
  const size = matrix.length
  for (let i = 0; i < size; i++) {
    const value = patch[from + i * step]!
    if (value === 0) continue
    const row = matrix[i]!
    for (let j = 0; j <= i; j++) row[j]! += value * patch[from + j * step]!
  }
}

function mirrored(matrix: readonly Float64Array[], count: number): readonly Float64Array[] {
  return matrix.map((row, i) => row.map((_, j) => (j <= i ? row[j]! : matrix[j]![i]!) / count))
}

/**
 * Collects the moments of a layer's input patches.
 * @param read values of the layer's input for a sample
 * @returns null for layers whose rows of weights are too long, and for open shapes
 */
export function patchMoments(
  graph: Graph,
  layer: Layer,
  samples: Samples,
  read: (sample: readonly Float32Array[]) => Float32Array,
): PatchMoments | null {
  const window = windowOf(graph, layer.node, layer)
  if (!window) return null
  const { channels, filterH, filterW, rows, columns } = window
  const taps = filterH * filterW
  const size = layer.depthwise ? taps : taps * channels
  if (size > mostTaps) return null
  const matrices = Array.from({ length: layer.depthwise ? channels : 1 }, () =>
    Array.from({ length: size }, () => new Float64Array(size)),
  )
  const patch = new Float64Array(taps * channels)
  const perPatch = (matrices.length * size * size) / 2
  const every = Math.max(1, Math.ceil((samples.length * rows * columns * perPatch) / mostWork))
  let [position, count] = [0, 0]
  for (const sample of samples) {
    const values = read(sample)
    for (let row = 0; row < rows; row++)
      for (let column = 0; column < columns; column++) {
        if (position++ % every !== 0) continue
        count += 1
        patchAt(window, values, row, column, patch)
        matrices.forEach((matrix, channel) => {
          addProducts(matrix, patch, layer.depthwise ? channels : 1, layer.depthwise ? channel : 0)
        })
      }
  }
  return matrices.map((matrix) => mirrored(matrix, count))
}

import type { Graph } from '../graph/graph.ts'
import { type FloatBlock, withConstants } from './edit-constants.ts'
import { type Layer, layerOf } from './layers.ts'

/** Two layers of which the second alone reads the first, with nothing between that scaling a channel would change. */
interface Pair {
  readonly first: Layer
  readonly second: Layer
}

const scalable: readonly string[] = ['none', 'relu']

function pairs(graph: Graph): readonly Pair[] {
  return graph.nodes.flatMap((node) => {
    const first = layerOf(graph, node)
    const output = node.outputs[0]!
    if (!first || graph.outputs.includes(output) || !scalable.includes(String(node.attributes.activation ?? 'none')))
      return []
    const readers = graph.nodes.filter(({ inputs }) => inputs.includes(output))
    const second = readers.length === 1 && readers[0]!.inputs[0] === output ? layerOf(graph, readers[0]!) : null
    return second && second.inputs === first.units ? [{ first, second }] : []
  })
}

/** Largest absolute value by the slot that each element belongs to. */
function largest(values: ArrayLike<number>, slots: number, slotOf: (index: number) => number): Float64Array {
  const found = new Float64Array(slots)
  for (let index = 0; index < values.length; index++) {
    const slot = slotOf(index)
    found[slot] = Math.max(found[slot]!, Math.abs(values[index]!))
  }
  return found
}

/** Rounds over all pairs: a layer between two others is scaled from both sides. */
const rounds = 20

/**
 * Cross-layer equalisation: scales the channels between two layers so that both have weights of like size, the float
 * outputs staying what they are: s = √(r₁·r₂)/r₂ (Nagel et al. 2019, "Data-free quantization through weight equalization
 * and bias correction"). Layers with a bounded activation (ReLU6) between them cannot be scaled and stay.
 */
export function equaliseGraph(graph: Graph): Graph {
  const found = pairs(graph)
  const values = new Map<Layer['weights']['name'], Float64Array>()
  const biases = new Map<string, Float64Array>()
  const valuesOf = ({ weights, values: given }: Layer) => {
    const own = values.get(weights.name) ?? Float64Array.from(given)
    values.set(weights.name, own)
    return own
  }
  for (let round = 0; round < rounds; round++) {
    for (const { first, second } of found) {
      const [a, b] = [valuesOf(first), valuesOf(second)]
      const r1 = largest(a, first.units, first.unitOf)
      const r2 = largest(b, first.units, second.channelOf)
      const scales = r1.map((own, unit) => (own > 0 && r2[unit]! > 0 ? Math.sqrt(own * r2[unit]!) / r2[unit]! : 1))
      for (let index = 0; index < a.length; index++) a[index]! /= scales[first.unitOf(index)]!
      for (let index = 0; index < b.length; index++) b[index]! *= scales[second.channelOf(index)]!
      if (first.biasName === null) continue
      const bias = biases.get(first.biasName) ?? Float64Array.from(first.bias)
      biases.set(first.biasName, bias)
      for (let unit = 0; unit < bias.length; unit++) bias[unit]! /= scales[unit]!
    }
  }
  const blocks = new Map<string, FloatBlock>()
  for (const [name, own] of [...values, ...biases])
    blocks.set(name, { shape: graph.tensors.get(name)!.shape as readonly number[], values: own })
  return withConstants(graph, blocks)
}

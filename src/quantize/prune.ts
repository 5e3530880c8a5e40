import { int32Constant } from '../formats/convert/constants.ts'
import { constantIntegers, type Graph, type Node, type Tensor } from '../graph/graph.ts'
import { type ChannelSpace, channelSpaces } from './channel-spaces.ts'
import { type FloatBlock, withConstants } from './edit-constants.ts'
import type { Layer } from './layers.ts'
import type { Evaluate, OpenGraph } from './observe.ts'
import { type ChannelMoments, removeChannels } from './surgeon.ts'

/** Kept channels come in multiples of this, so that vector kernels stay full. */
const multiple = 4

/** Mean and covariance of a tensor's channels. */
function momentsOf(
  name: string,
  channels: number,
  samples: readonly (readonly Float32Array[])[],
  evaluate: Evaluate,
): ChannelMoments {
  const sums = new Float64Array(channels)
  const products = Array.from({ length: channels }, () => new Float64Array(channels))
  let positions = 0
  for (const sample of samples) {
    const values = evaluate(sample).get(name)!
    for (let at = 0; at < values.length; at += channels) {
      positions += 1
      for (let a = 0; a < channels; a++) {
        const value = values[at + a]!
        if (value === 0) continue
        sums[a]! += value
        const row = products[a]!
        for (let b = 0; b < channels; b++) row[b]! += value * values[at + b]!
      }
    }
  }
  const means = sums.map((sum) => sum / positions)
  return { means, covariance: products.map((row, a) => row.map((sum, b) => sum / positions - means[a]! * means[b]!)) }
}

/** Weights of a layer as rows over its input's channels, a row for every unit and tap. */
function rowsOf({ values, inputs }: Layer): readonly Float64Array[] {
  return Array.from({ length: values.length / inputs }, (_, row) =>
    Float64Array.from(values.slice(row * inputs, (row + 1) * inputs)),
  )
}

function numbers(graph: Graph, name: string): readonly number[] {
  return graph.tensors.get(name)!.shape as readonly number[]
}

/** A layer with only some of its units. */
function keepUnits(graph: Graph, layer: Layer, kept: readonly number[], blocks: Map<string, FloatBlock>): void {
  const { weights, values, unitOf, biasName, bias, depthwise } = layer
  const stays = new Set(kept)
  const shape = numbers(graph, weights.name)
  blocks.set(weights.name, {
    shape: depthwise ? [...shape.slice(0, 3), kept.length] : [kept.length, ...shape.slice(1)],
    values: values.filter((_, index) => stays.has(unitOf(index))),
  })
  if (biasName !== null) blocks.set(biasName, { shape: [kept.length], values: kept.map((unit) => bias[unit]!) })
}

/** Removes channels from what a layer reads; its bias takes their mean. */
function keepChannels(graph: Graph, layer: Layer, moments: ChannelMoments, keep: number) {
  const { kept, weights, gains } = removeChannels(rowsOf(layer), moments, keep)
  const shape = numbers(graph, layer.weights.name)
  const taps = gains.length / layer.units
  const bias = layer.bias.map((value, unit) =>
    gains.subarray(unit * taps, (unit + 1) * taps).reduce((sum, gain) => sum + gain, value),
  )
  const block: FloatBlock = { shape: [...shape.slice(0, -1), kept.length], values: weights.flatMap((row) => [...row]) }
  return { kept, block, bias }
}

/** Tensors of a space with fewer channels, and the shapes that reshapes in it are told. */
function narrowed(graph: Graph, { tensors, channels }: ChannelSpace, keep: number): Graph {
  const changed = new Map<string, Tensor>(graph.tensors)
  for (const name of tensors) {
    const tensor = graph.tensors.get(name)!
    changed.set(name, { ...tensor, shape: [...tensor.shape!.slice(0, -1), keep] })
  }
  const nodes = graph.nodes.map((node): Node => {
    if (node.op !== 'reshape' || !tensors.includes(node.outputs[0]!) || !node.inputs[1]) return node
    const told = constantIntegers(graph.tensors.get(node.inputs[1]))
    if (told?.at(-1) !== channels) return node
    const name = `${node.inputs[1]}/${node.outputs[0]}`
    changed.set(name, int32Constant(name, [...told.slice(0, -1), keep]))
    return { ...node, inputs: [node.inputs[0]!, name] }
  })
  return { ...graph, nodes, tensors: changed }
}

/** The space with one reader whose weights can take over what is removed; null where several layers read it. */
function soleReader({ consumers }: ChannelSpace): Layer | null {
  const [layer] = consumers
  return consumers.length === 1 && layer && layer.biasName !== null ? layer : null
}

/**
 * Removes whole channels of a float graph, so that it has less to compute on any engine: in each space of channels those
 * that the layer after it misses least, whose part the others take over.
 * @param share of the channels that stay, 0..1
 * @param samples calibration inputs
 * @param open gives the values of tensors of a graph
 */
export function pruneChannels(
  graph: Graph,
  share: number,
  samples: readonly (readonly Float32Array[])[],
  open: OpenGraph,
): Graph {
  let pruned = graph
  for (const { tensors } of channelSpaces(graph)) {
    // Layers are read anew: what was removed before has changed the weights and what the next one sees.
    const space = channelSpaces(pruned).find((each) => each.tensors[0] === tensors[0])
    const reader = space && soleReader(space)
    const keep = space
      ? Math.min(space.channels, multiple * Math.max(1, Math.round((share * space.channels) / multiple)))
      : 0
    if (!space || !reader || keep >= space.channels) continue
    const name = reader.node.inputs[0]!
    const moments = momentsOf(name, space.channels, samples, open(pruned, [name]))
    const { kept, block, bias } = keepChannels(pruned, reader, moments, keep)
    const blocks = new Map<string, FloatBlock>([[reader.weights.name, block]])
    blocks.set(reader.biasName!, { shape: [reader.units], values: bias })
    for (const producer of space.producers) keepUnits(pruned, producer, kept, blocks)
    pruned = narrowed(withConstants(pruned, blocks), space, keep)
  }
  return pruned
}

import { int32Constant } from '../formats/convert/constants.ts'
import { constantIntegers, type Graph, type Node, type Tensor } from '../graph/graph.ts'
import { type ChannelSpace, channelSpaces } from './channel-spaces.ts'
import { type FloatBlock, withConstants } from './edit-constants.ts'
import type { Layer } from './layers.ts'
import type { Evaluate, OpenGraph, Samples } from './observe.ts'
import { type ChannelMoments, removeChannels } from './surgeon.ts'

/** Kept channels come in multiples of this, so that vector kernels stay full. */
const multiple = 4

/** Mean and covariance of a tensor's channels. */
function momentsOf(name: string, channels: number, samples: Samples, evaluate: Evaluate): ChannelMoments {
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

/** A space that can be pruned: what reads it, and how many channels are to stay. */
interface Cut {
  readonly space: ChannelSpace
  readonly reader: Layer
  /** Costs of removing one channel after another, cheapest first. */
  readonly costs: readonly number[]
  keep: number
}

/** Cost of a cut's next block of channels; infinite where a quarter of them is left. */
function nextCost({ space, costs, keep }: Cut): number {
  const removed = space.channels - keep
  if (keep - multiple < space.channels / 4) return Number.POSITIVE_INFINITY
  return costs.slice(removed, removed + multiple).reduce((sum, cost) => sum + cost, 0)
}

/** Decides where channels are removed: block by block where the layer after it loses least of its sums. */
function chooseCuts(graph: Graph, removed: number, samples: Samples, open: OpenGraph): readonly Cut[] {
  const cuts = channelSpaces(graph).flatMap((space): readonly Cut[] => {
    const reader = soleReader(space)
    if (!reader) return []
    const name = reader.node.inputs[0]!
    const moments = momentsOf(name, space.channels, samples, open(graph, [name]))
    return [{ space, reader, costs: removeChannels(rowsOf(reader), moments, 1).costs, keep: space.channels }]
  })
  const wanted = removed * cuts.reduce((sum, { space }) => sum + space.channels, 0)
  for (let gone = 0; gone + multiple / 2 <= wanted; gone += multiple) {
    const next = cuts.reduce<Cut | null>((best, cut) => (best && nextCost(best) <= nextCost(cut) ? best : cut), null)
    if (!next || nextCost(next) === Number.POSITIVE_INFINITY) break
    next.keep -= multiple
  }
  return cuts.filter(({ keep, space }) => keep < space.channels)
}

/**
 * Removes whole channels of a float graph, so that it has less to compute on any engine: those that the layers after them
 * miss least, whose part the others take over.
 * @param removed share of all channels that may be removed, 0..1; at least a quarter of each layer's stays
 * @param samples calibration inputs
 * @param open gives the values of tensors of a graph
 */
export function pruneChannels(graph: Graph, removed: number, samples: Samples, open: OpenGraph): Graph {
  let pruned = graph
  for (const { space: chosen, keep } of chooseCuts(graph, removed, samples, open)) {
    // Layers are read anew: what was removed before has changed the weights and what the next one sees.
    const space = channelSpaces(pruned).find((each) => each.tensors[0] === chosen.tensors[0])!
    const reader = soleReader(space)!
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

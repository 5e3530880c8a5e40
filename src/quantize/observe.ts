import type { Graph, Node } from '../graph/graph.ts'
import { inferShapes } from '../graph/shapes.ts'
import { inverseRoot } from './compensated-rounding.ts'
import { count, emptyHistogram, type Histogram } from './histogram.ts'
import { layerOf } from './layers.ts'
import { patchMoments } from './patch-moments.ts'
import { activationsOf, ruleOf } from './rules.ts'

/** Inputs of a model, the elements of each in graph order. */
export type Samples = readonly (readonly Float32Array[])[]

/** Reals of tensors of a graph by name, for the reals of its inputs in their order. Valid until the next call. */
export type Evaluate = (inputs: readonly Float32Array[]) => ReadonlyMap<string, Float32Array>

/** Opens a graph so that its tensors of these names can be looked at. */
export type OpenGraph = (graph: Graph, names: readonly string[]) => Evaluate

/** What calibration saw of a graph: of its activations, and of what the weights of its layers meet. */
export interface Observation {
  readonly tensors: ReadonlyMap<string, Observed>
  /** By the node's name: `inverseRoot` of each matrix of a layer's moments. */
  readonly roots: ReadonlyMap<string, readonly (readonly Float64Array[])[]>
}

/** What calibration saw of a tensor. */
export interface Observed {
  readonly histogram: Histogram
  /** Mean of each slice along the last axis (channels of NHWC). */
  readonly channelMeans: Float64Array
}

/** Activations whose range a quantised graph needs: of inputs, outputs, and of what quantisable nodes read and make. */
function observedNames(graph: Graph): readonly string[] {
  const isReal = (name: string) =>
    name !== '' && !graph.tensors.get(name)?.data && graph.tensors.get(name)?.dtype === 'float32'
  const ofNode = (node: Node) => {
    const rule = ruleOf(node)
    return rule ? [...activationsOf(node, rule).map((at) => node.inputs[at] ?? ''), ...node.outputs] : []
  }
  return [...new Set([...graph.inputs, ...graph.nodes.flatMap(ofNode), ...graph.outputs])].filter(isReal)
}

interface Extent {
  low: number
  high: number
  readonly sums: Float64Array
  elements: number
}

/** Range and channel sums of every tensor over all samples; values that are no number count as nothing. */
function extents(
  names: readonly string[],
  channels: (name: string) => number,
  samples: Samples,
  evaluate: Evaluate,
): ReadonlyMap<string, Extent> {
  const found = new Map(
    names.map((name): [string, Extent] => {
      const sums = new Float64Array(channels(name))
      return [name, { low: Number.POSITIVE_INFINITY, high: Number.NEGATIVE_INFINITY, sums, elements: 0 }]
    }),
  )
  for (const sample of samples) {
    const values = evaluate(sample)
    for (const [name, extent] of found) {
      const elements = values.get(name)!
      const { length } = extent.sums
      for (let index = 0; index < elements.length; index++) {
        const value = elements[index]!
        if (value < extent.low) extent.low = value
        if (value > extent.high) extent.high = value
        extent.sums[index % length]! += value
      }
      extent.elements += elements.length
    }
  }
  return found
}

/** Factors for compensated rounding of every layer that can have them. */
function layerRoots(graph: Graph, samples: Samples, evaluate: Evaluate): Observation['roots'] {
  const layers = graph.nodes.flatMap((node) => layerOf(graph, node) ?? [])
  return new Map(
    layers.flatMap((layer) => {
      const input = layer.node.inputs[0]!
      const moments = patchMoments(graph, layer, samples, (sample) => evaluate(sample).get(input)!)
      return moments ? [[layer.node.name, moments.map(inverseRoot)] as const] : []
    }),
  )
}

/**
 * Runs a float graph over calibration samples and counts what its activations hold.
 * @param samples elements of the inputs in graph order
 */
export function observe(graph: Graph, samples: Samples, open: OpenGraph): Observation {
  const names = observedNames(graph)
  const evaluate = open(graph, names)
  const shapes = inferShapes(graph)
  const channels = (name: string) => Number(shapes.get(name)?.at(-1) ?? 1)
  const seen = extents(names, channels, samples, evaluate)
  const histograms = new Map([...seen].map(([name, { low, high }]) => [name, emptyHistogram(low, high)]))
  for (const sample of samples) {
    const values = evaluate(sample)
    for (const [name, histogram] of histograms) count(histogram, values.get(name)!)
  }
  const tensors = [...seen].map(([name, { sums, elements }]) => {
    const channelMeans = sums.map((sum) => sum / (elements / sums.length))
    return [name, { histogram: histograms.get(name)!, channelMeans }] as const
  })
  return { tensors: new Map(tensors), roots: layerRoots(graph, samples, evaluate) }
}

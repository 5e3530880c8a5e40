import type { Graph } from '../graph/graph.ts'
import type { QuantizationParameters } from '../graph/quantization.ts'
import type { Observed } from './observe.ts'
import { chooseRange, type RealRange } from './ranges.ts'
import type { RangeMethod } from './recipe.ts'
import { activationsOf, ruleOf } from './rules.ts'

/** Scale and zero point of int8 over a range, as TensorFlow Lite takes them: real 0 is an integer. */
export function int8Parameters([low, high]: RealRange): QuantizationParameters {
  const scale = Math.fround((high - low) / 255)
  return { scale, zeroPoint: Math.max(-128, Math.min(127, Math.round(-128 - low / scale))) }
}

/** Scale of symmetric int16 over a range. */
export function int16Parameters([low, high]: RealRange): QuantizationParameters {
  return { scale: Math.fround(Math.max(-low, high) / 32767), zeroPoint: 0 }
}

/** Tensors that have one scale because a node between them moves integers as they are; by name the same array. */
function groups(graph: Graph, names: Iterable<string>): ReadonlyMap<string, readonly string[]> {
  const group = new Map([...names].map((name) => [name, [name]]))
  for (const node of graph.nodes) {
    const rule = ruleOf(node)
    if (rule?.output !== 'same') continue
    const members = [...activationsOf(node, rule).map((at) => node.inputs[at]!), ...node.outputs].filter((name) =>
      group.has(name),
    )
    const together = [...new Set(members.flatMap((name) => group.get(name)!))]
    for (const name of together) group.set(name, together)
  }
  return group
}

/** Range of every observed tensor; those that must have one scale share the widest ends. */
export function tensorRanges(
  graph: Graph,
  observed: ReadonlyMap<string, Observed>,
  method: RangeMethod,
): ReadonlyMap<string, RealRange> {
  const own = new Map([...observed].map(([name, { histogram }]) => [name, chooseRange(histogram, method, 255)]))
  const group = groups(graph, own.keys())
  return new Map(
    [...own.keys()].map((name) => {
      const ranges = group.get(name)!.map((member) => own.get(member)!)
      return [name, [Math.min(...ranges.map(([low]) => low)), Math.max(...ranges.map(([, high]) => high))]]
    }),
  )
}

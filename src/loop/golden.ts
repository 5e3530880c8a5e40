import type { Executable, TensorValue } from '../backends/backend.ts'
import type { Variant } from '../catalogue/load.ts'
import { isMilliwattError, messageOf } from '../core/errors.ts'
import { segmentIn } from '../formats/forms.ts'
import { dataTypeBits, type Graph } from '../graph/graph.ts'
import { interpret } from '../graph/reference/interpret.ts'
import type { Semantics } from '../graph/reference/kernel.ts'
import { toNumbers, type Values } from '../graph/reference/values.ts'
import type { Segment } from '../graph/segment.ts'
import { isStateful } from '../graph/stateful.ts'
import { sampleInput } from './input.ts'

/** Stands in the profile's keys: entries from before the check, or from another form of it, do not count. */
export const goldenVersion = 'golden 1'

/** Whether an executable computes what the reference interpreter computes. */
export type GoldenVerdict =
  | { readonly kind: 'passed' }
  | { readonly kind: 'failed' | 'unchecked'; readonly reason: string }

/** Inputs that every candidate is checked on. */
const seeds = [1, 2]

/** The interpreter takes about 25 ns a multiply-accumulate; beyond this planning would wait for it. */
const mostMacs = 20e6

/** Why a variant cannot be checked at all; null when it can. */
export function whyUnchecked({ facts, segment }: Variant): string | null {
  if (facts.macs === null) return 'its size is not known'
  if (facts.macs > mostMacs) return `it has more than ${mostMacs / 1e6} M MACs`
  return isStateful(segment.graph) ? 'it keeps state from one run to the next' : null
}

type Inputs = Readonly<Record<string, TensorValue>>

/** What the interpreter gave, by name of the output, one map an input. */
interface Reference {
  readonly graph: Graph
  readonly runs: readonly { readonly inputs: Inputs; readonly outputs: ReadonlyMap<string, Values> }[]
}

const references = new WeakMap<Segment, Map<Semantics, Reference>>()

function referenceOf(segment: Segment, semantics: Semantics, executable: Executable): Reference {
  const known = references.get(segment)?.get(semantics)
  if (known) return known
  const { graph } = segmentIn(segment, 'canonical')
  const runs = seeds.map((seed) => {
    const inputs = sampleInput(executable.inputs, seed)
    const values = graph.inputs.map((name) => inputs[name]!.data as Values)
    const all = interpret(graph, values, semantics)
    return { inputs, outputs: new Map(graph.outputs.map((name) => [name, all.get(name)!])) }
  })
  const reference = { graph, runs }
  references.set(segment, (references.get(segment) ?? new Map<Semantics, Reference>()).set(semantics, reference))
  return reference
}

/**
 * What two right engines may differ by, in the output's own unit. Integers: 2 steps; scores, which softmax makes
 * out of one step before it, 0.05. Floats: 0.05 in quantised nets, 0.001 in others, of the largest value above 1.
 */
function toleranceOf(graph: Graph, name: string, expected: readonly number[]): number {
  const { dtype = 'float32', quantization } = graph.tensors.get(name) ?? {}
  if (!dtype.startsWith('float')) {
    const scale = quantization?.scales[0]
    if (scale === undefined) return 0
    return scale * 2 ** dataTypeBits[dtype] <= 2 ? Math.max(2, 0.05 / scale) : 2
  }
  const quantised = [...graph.tensors.values()].some((tensor) => tensor.quantization)
  const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 1)
  return (quantised ? 0.05 : 1e-3) * largest
}

function indexOfLargest(values: readonly number[]): number {
  return values.reduce((best, value, index) => (value > values[best]! ? index : best), 0)
}

/** How an output differs from what was expected; null when it is near enough and the same element is largest. */
function difference(expected: readonly number[], actual: readonly number[], tolerance: number): string | null {
  if (actual.length !== expected.length) return `has ${actual.length} elements, not ${expected.length}`
  const worst = expected.reduce((most, value, index) => {
    const apart = Math.abs(value - actual[index]!)
    return Number.isNaN(most) || apart <= most ? most : apart
  }, 0)
  if (!(worst <= tolerance)) return `differs by ${worst.toPrecision(3)}, ${tolerance.toPrecision(3)} allowed`
  const [wanted, got] = [indexOfLargest(expected), indexOfLargest(actual)]
  if (expected[wanted]! - expected[got]! <= tolerance) return null
  return `is largest at ${got}, not at ${wanted}`
}

async function compare({ graph, runs }: Reference, executable: Executable): Promise<string | null> {
  for (const { inputs, outputs } of runs) {
    const results = await executable.run(inputs)
    for (const [name, values] of outputs) {
      const actual = results[name]
      if (!actual) return `output "${name}" is missing`
      const expected = toNumbers(values)
      const apart = difference(expected, toNumbers(actual.data), toleranceOf(graph, name, expected))
      if (apart) return `output "${name}" ${apart}`
    }
  }
  return null
}

/**
 * Runs an executable on sample inputs and compares its outputs with the reference interpreter's in the semantics
 * that the backend declares: "accelerated" engines were seen to give wrong results without a word.
 */
export async function checkGolden(
  variant: Variant,
  semantics: Semantics,
  executable: Executable,
): Promise<GoldenVerdict> {
  let reference: Reference
  try {
    reference = referenceOf(variant.segment, semantics, executable)
  } catch (error) {
    const reason = isMilliwattError(error) && error.detail ? error.detail : messageOf(error)
    return { kind: 'unchecked', reason: reason.replace(/\.$/, '') }
  }
  try {
    const apart = await compare(reference, executable)
    return apart ? { kind: 'failed', reason: apart } : { kind: 'passed' }
  } catch (error) {
    return { kind: 'failed', reason: messageOf(error) }
  }
}

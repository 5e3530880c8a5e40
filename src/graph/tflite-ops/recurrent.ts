import { elementCount, numberAttribute } from '../graph.ts'
import type { OpContext, OpDef, Shape } from '../ops/op-def.ts'

/** The input's shape with the units of the recurrent weights as last length; `gates` are stacked in them. */
const units =
  (recurrent: number) =>
  ({ shapes }: OpContext): Shape | null => {
    const [x, weights] = [shapes[0], shapes[recurrent]]
    return x && weights?.[1] !== undefined ? [...x.slice(0, -1), weights[1]] : null
  }

/** Products of every step with all rows of the weights and the recurrent weights. */
const macs =
  (weightInputs: readonly number[]) =>
  ({ shapes }: OpContext, output: Shape): number | null => {
    const steps = elementCount(output.slice(0, -1))
    const counts = weightInputs.map((index) => (shapes[index] ? elementCount(shapes[index]) : 0))
    return steps === null || counts.includes(null) ? null : steps * counts.reduce<number>((a, b) => a + b!, 0)
  }

function stepsFault({ node, shapes: [x, weights] }: OpContext): string | null {
  if (!x || !weights) return null
  if (x.length !== (node.op === 'rnn' ? 2 : 3)) return `wants no input of rank ${x.length}`
  return x.at(-1) === weights[1] ? null : `has weights [${weights}] that do not fit ${x.at(-1)} input elements`
}

const layer = (op: string, recurrent: number, weights: readonly number[], biases: readonly number[]): OpDef => ({
  op,
  weightInputs: [...weights, ...biases],
  fault: stepsFault,
  outputShape: units(recurrent),
  macs: macs(weights),
})

/** `cell_clip` and the like need no rule: lengths do not depend on them. Gates of an LSTM stand in inputs of their own. */
const lstm: OpDef = {
  ...layer('unidirectional_sequence_lstm', 6, [1, 2, 3, 4, 5, 6, 7, 8], [12, 13, 14, 15]),
  fault({ node, shapes }) {
    const [x, weights, recurrent] = [shapes[0], shapes[2], shapes[6]]
    if (!x || !weights || !recurrent) return null
    const timeMajor = numberAttribute(node, 'timeMajor', 0) === 1
    const [depth, rows] = [x.at(-1), weights[0]]
    if (x.length !== 3) return `wants no input of rank ${x.length}`
    if (weights[1] !== depth || recurrent[0] !== rows)
      return `has weights [${weights}] and [${recurrent}] that do not fit ${depth} input elements`
    const states = [shapes[18], shapes[19]].flatMap((state) => (state ? [elementCount(state)] : []))
    const batches = x[timeMajor ? 1 : 0]
    const wanted = typeof batches === 'number' && typeof rows === 'number' ? batches * rows : null
    const bad = states.find((count) => count !== null && wanted !== null && count !== wanted)
    return bad === undefined ? null : `has a state of ${bad} elements instead of ${wanted}`
  },
}

/** Operators that walk a sequence and remember. */
export const recurrentOps: readonly OpDef[] = [
  lstm,
  layer('unidirectional_sequence_rnn', 2, [1, 2], [3]),
  layer('rnn', 2, [1, 2], [3]),
  layer('unidirectional_sequence_gru', 2, [1, 2], [3, 4]),
]

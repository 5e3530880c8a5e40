import { elementCount, numberAttribute } from '../graph.ts'
import type { OpContext, OpDef, Shape } from './op-def.ts'

/** ONNX's recurrent layers: input [time, batch, depth] (`layout` 1: batch first), weights [directions, gates · units, depth]. */
const recurrent = (op: string): OpDef => ({
  op,
  weightInputs: [1, 2, 3],
  outputShape({ node, shapes: [x, weights, feedback] }: OpContext): Shape | null {
    const [directions, units] = [weights?.[0], feedback?.[2]]
    if (x?.length !== 3 || directions === undefined || units === undefined) return null
    const batchFirst = numberAttribute(node, 'layout', 0) === 1
    return batchFirst ? [x[0]!, x[1]!, directions, units] : [x[0]!, directions, x[1]!, units]
  },
  macs({ shapes: [x, weights, feedback] }: OpContext): number | null {
    const counts = [x?.slice(0, 2) ?? null, weights ?? null, feedback ?? null].map((shape) => elementCount(shape))
    const [steps, onInput, onOutput] = counts
    return counts.includes(null) ? null : steps! * (onInput! + onOutput!)
  },
})

/** LSTM, GRU and RNN. */
export const recurrentOps: readonly OpDef[] = ['LSTM', 'GRU', 'RNN'].map(recurrent)

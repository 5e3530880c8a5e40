import { MilliwattError } from '../../../core/errors.ts'
import { numberAttribute } from '../../graph.ts'
import { type Call, input, type Operand, output } from '../kernel.ts'

/** Lengths of a layer that walks a sequence. */
export interface SequenceShape {
  readonly steps: number
  readonly batches: number
  readonly depth: number
  readonly units: number
}

/** Where the input and the output of one step of one batch begin. */
export type VisitStep = (at: { readonly x: number; readonly y: number; readonly state: number }) => void

/** Lengths from the input [batch, time, depth], or [time, batch, depth] where time is the major axis. */
export function sequenceShape(call: Call, units: number): SequenceShape {
  const { shape } = input(call, 0)
  if (shape.length !== 3)
    throw new MilliwattError(
      'MODEL_ILLEGAL',
      call.node.name,
      `${call.node.op} wants an input of rank 3, not [${shape}].`,
    )
  const [first, second, depth] = shape as readonly [number, number, number]
  const timeMajor = isTimeMajor(call)
  return { steps: timeMajor ? first : second, batches: timeMajor ? second : first, depth, units }
}

const isTimeMajor = (call: Call) => numberAttribute(call.node, 'timeMajor', 0) === 1

/** Visits the steps of every batch in the order of time. */
export function eachStep(call: Call, { steps, batches, depth, units }: SequenceShape, visit: VisitStep): void {
  for (let batch = 0; batch < batches; batch++)
    for (let step = 0; step < steps; step++) {
      const row = isTimeMajor(call) ? step * batches + batch : batch * steps + step
      visit({ x: row * depth, y: row * units, state: batch * units })
    }
}

/** A state: one that is a variable is changed in place, another one only tells where to begin; none begins as zeros. */
export function stateOf(state: Operand | null, length: number): { [index: number]: number; readonly length: number } {
  if (!state) return new Float64Array(length)
  const data = state.data as unknown as number[] & { slice(): number[] }
  return state.tensor.variable ? data : data.slice()
}

/** Gives a final state out where the node has an output for it. */
export function giveState(call: Call, index: number, state: ArrayLike<number>): void {
  if (call.node.outputs[index]) output(call, index).data.set(state as never)
}

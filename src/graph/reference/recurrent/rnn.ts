import { activationRange, clamp } from '../activation.ts'
import { type Call, input, isFloat, type Kernel, numeric, output, unsupported } from '../kernel.ts'
import { eachStep, giveState, type SequenceShape, sequenceShape, stateOf, type VisitStep } from './sequence.ts'

const round = Math.fround

function activationOf(call: Call): (x: number) => number {
  if (call.node.attributes.activation === 'tanh') return (x) => round(Math.tanh(x))
  const range = activationRange(call, output(call))
  return (x) => clamp(x, range)
}

/** Products of a row of weights with a stretch of values, in float32 after every step. */
export function rowProduct(
  start: number,
  weights: ArrayLike<number>,
  row: number,
  values: ArrayLike<number>,
  from: number,
  length: number,
): number {
  let sum = start
  for (let c = 0; c < length; c++) sum = round(sum + round(weights[row * length + c]! * values[from + c]!))
  return sum
}

/** Runs a simple recurrent layer: output = activation(bias + weights · input + recurrent · last output). */
function recur(call: Call, shape: SequenceShape, each: (visit: VisitStep) => void): void {
  const [x, weights, recurrent, out] = [input(call, 0), input(call, 1), input(call, 2), output(call)].map((operand) => {
    if (!isFloat(operand)) throw unsupported(call, `on ${operand.tensor.dtype} is missing`)
    return numeric(call, operand)
  })
  const bias = call.inputs[3]?.data
  const activation = activationOf(call)
  const { depth, units, batches } = shape
  const hidden = stateOf(call.inputs[4] ?? null, batches * units)
  each(({ x: from, y, state }) => {
    const last = Array.from({ length: units }, (_, unit) => hidden[state + unit]!)
    for (let unit = 0; unit < units; unit++) {
      const sum = rowProduct(bias ? Number(bias[unit]!) : 0, weights!, unit, x!, from, depth)
      const made = activation(rowProduct(sum, recurrent!, unit, last, 0, units))
      hidden[state + unit] = made
      out![y + unit] = made
    }
  })
  giveState(call, 1, hidden)
}

/** UNIDIRECTIONAL_SEQUENCE_RNN of floats. The state, if it is a variable, stays between runs; a second output is the last. */
export const unidirectionalSequenceRnn: Kernel = (call) => {
  const shape = sequenceShape(call, output(call).shape.at(-1)!)
  recur(call, shape, (visit) => eachStep(call, shape, visit))
}

/** RNN: a single step of floats. */
export const rnn: Kernel = (call) => {
  const [batches, depth] = input(call, 0).shape as readonly [number, number]
  const units = output(call).shape.at(-1)!
  recur(call, { steps: 1, batches, depth, units }, (visit) => {
    for (let batch = 0; batch < batches; batch++) visit({ x: batch * depth, y: batch * units, state: batch * units })
  })
}

import { numberAttribute } from '../../graph.ts'
import { type Call, input, isFloat, type Kernel, numeric, output, unsupported } from '../kernel.ts'
import { rowProduct } from './rnn.ts'
import { eachStep, giveState, sequenceShape, stateOf } from './sequence.ts'

const round = Math.fround
const sigmoid = (x: number) => round(1 / (1 + Math.exp(-x)))

function floats(call: Call, index: number): ArrayLike<number> {
  const operand = input(call, index)
  if (!isFloat(operand)) throw unsupported(call, `on ${operand.tensor.dtype} is missing`)
  return numeric(call, operand)
}

/**
 * Gated recurrent units of floats over a sequence; TFLite has no such operator. Weights [3 · units, depth] hold the
 * update gate, the reset gate and the candidate, as do the recurrent weights and both biases. With `linearBeforeReset`
 * the reset gate comes after the recurrent product. A second output is the last one.
 */
export const unidirectionalSequenceGru: Kernel = (call) => {
  const shape = sequenceShape(call, output(call).shape.at(-1)!)
  const { depth, units, batches } = shape
  const [x, weights, recurrent, bias, feedbackBias] = [0, 1, 2, 3, 4].map((index) => floats(call, index)) as [
    ArrayLike<number>,
    ArrayLike<number>,
    ArrayLike<number>,
    ArrayLike<number>,
    ArrayLike<number>,
  ]
  const late = numberAttribute(call.node, 'linearBeforeReset', 0) === 1
  const hidden = stateOf(call.inputs[5] ?? null, batches * units)
  const data = numeric(call, output(call))
  eachStep(call, shape, ({ x: from, y, state }) => {
    const last = Array.from({ length: units }, (_, unit) => hidden[state + unit]!)
    const onInput = (row: number) => rowProduct(bias[row]!, weights, row, x, from, depth)
    const onLast = (row: number, values: ArrayLike<number>) =>
      rowProduct(feedbackBias[row]!, recurrent, row, values, 0, units)
    const gate = (row: number) => sigmoid(round(onInput(row) + onLast(row, last)))
    const reset = last.map((_, unit) => gate(units + unit))
    const kept = last.map((value, unit) => round(value * reset[unit]!))
    for (let unit = 0; unit < units; unit++) {
      const row = 2 * units + unit
      const feedback = late ? round(reset[unit]! * onLast(row, last)) : onLast(row, kept)
      const fresh = round(Math.tanh(round(onInput(row) + feedback)))
      const update = gate(unit)
      const made = round(round(round(1 - update) * fresh) + round(update * last[unit]!))
      hidden[state + unit] = made
      data[y + unit] = made
    }
  })
  giveState(call, 1, hidden)
}

import { type Call, input, isFloat, type Kernel, numeric, output, unsupported } from '../kernel.ts'
import { type CellArithmetic, floatCell, integerCell } from './lstm-arithmetic.ts'
import { eachStep, giveState, sequenceShape, stateOf } from './sequence.ts'

/** What an input holds besides weights, by index; the rest of TFLite's 24 inputs is not supported. */
const unsupportedInputs: Readonly<Record<number, string>> = {
  9: 'peepholes',
  10: 'peepholes',
  11: 'peepholes',
  16: 'a projection',
  17: 'a projection',
  20: 'layer normalisation',
  21: 'layer normalisation',
  22: 'layer normalisation',
  23: 'layer normalisation',
}

function checkForm(call: Call): void {
  for (const [index, what] of Object.entries(unsupportedInputs))
    if (call.inputs[Number(index)]) throw unsupported(call, `with ${what} is missing`)
  if (!call.inputs[1]) throw unsupported(call, 'with coupled input and forget gates is missing')
  const activation = call.node.attributes.activation ?? 'tanh'
  if (activation !== 'tanh') throw unsupported(call, `with the activation ${String(activation)} is missing`)
}

/** One gate before its activation, for a unit: weights on the input and on the last output, each with its own scale. */
function gateOf(call: Call, cell: CellArithmetic, gate: number) {
  const [weights, recurrent] = [input(call, 1 + gate), input(call, 5 + gate)]
  const onInput = cell.products(input(call, 0), weights, call.inputs[12 + gate] ?? null)
  const onOutput = cell.products(call.inputs[18] ?? output(call), recurrent, null)
  const [depth, units] = [weights.shape[1]!, recurrent.shape[1]!]
  return (x: ArrayLike<number>, from: number, last: ArrayLike<number>, unit: number): number => {
    let [sum, feedback] = [0, 0]
    for (let c = 0; c < depth; c++) sum = onInput.add(sum, x[from + c]!, unit * depth + c)
    for (let c = 0; c < units; c++) feedback = onOutput.add(feedback, last[c]!, unit * units + c)
    return cell.join(onInput.finish(sum, unit), onOutput.finish(feedback, unit))
  }
}

/**
 * UNIDIRECTIONAL_SEQUENCE_LSTM of floats, and of int8 or int16 with a 16-bit cell. Gates stand in the order input,
 * forget, cell, output. States that are variables stay between runs. The second and third output, which TFLite has
 * not got, are the last output and cell.
 */
export const unidirectionalSequenceLstm: Kernel = (call) => {
  checkForm(call)
  const [x, out] = [input(call, 0), output(call)]
  const shape = sequenceShape(call, out.shape.at(-1)!)
  const cell = isFloat(x) ? floatCell(call) : integerCell(call)
  const gates = [0, 1, 2, 3].map((gate) => gateOf(call, cell, gate))
  const [source, data] = [numeric(call, x), numeric(call, out)]
  const states = [18, 19].map((index) => stateOf(call.inputs[index] ?? null, shape.batches * shape.units))
  const [hidden, cells] = states as [(typeof states)[number], (typeof states)[number]]
  eachStep(call, shape, ({ x: from, y, state }) => {
    const last = Array.from({ length: shape.units }, (_, unit) => hidden[state + unit]!)
    for (let unit = 0; unit < shape.units; unit++) {
      const [i, f, g, o] = gates.map((gate) => gate(source, from, last, unit)) as [number, number, number, number]
      const next = cell.remember(cell.sigmoid(f), cells[state + unit]!, cell.sigmoid(i), cell.tanh(g))
      cells[state + unit] = next
      const made = cell.give(cell.sigmoid(o), next)
      hidden[state + unit] = made
      data[y + unit] = made
    }
  })
  giveState(call, 1, hidden)
  giveState(call, 2, cells)
}

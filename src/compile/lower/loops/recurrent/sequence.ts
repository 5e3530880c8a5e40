import { add, mul } from '../../../loops/expressions.ts'
import type { Expression, LoopsStep } from '../../../loops/loops.ts'
import { type BufferIndex, LoopWriter } from '../../../loops/writer.ts'
import { type State, sizeOf, type Value } from '../../../program.ts'
import { attribute, type LowerContext, optionalTensor, outputValue, refuse, tensorAt, toValue } from '../../context.ts'
import { constantElements, sourceAt, targetAt } from '../source.ts'

/** Lengths of a layer that walks a sequence. */
export interface Sequence {
  readonly steps: number
  readonly batches: number
  readonly depth: number
  readonly units: number
}

/** Lengths from the input, whose major axis is the time or the batches; `rnn` has a single step. */
export function sequenceOf(context: LowerContext): Sequence {
  const { shape } = toValue(tensorAt(context, 0))
  const units = outputValue(context).shape.at(-1)!
  if (shape.length === 2) return { steps: 1, batches: shape[0]!, depth: shape[1]!, units }
  if (shape.length !== 3) throw refuse(context, `its input has a rank of ${shape.length}`)
  const [first, second, depth] = shape as readonly [number, number, number]
  const timeMajor = attribute(context, 'timeMajor', 0) === 1
  return { steps: timeMajor ? first : second, batches: timeMajor ? second : first, depth, units }
}

/** Where a step of a batch begins: in the input, in the output and in a state. */
export interface Place {
  readonly x: Expression
  readonly y: Expression
  readonly state: Expression
}

/** Loops over batches and their steps in the order of time. */
export function eachStep(
  w: LoopWriter,
  context: LowerContext,
  { steps, batches, depth, units }: Sequence,
  body: (place: Place) => void,
): void {
  const timeMajor = attribute(context, 'timeMajor', 0) === 1
  w.loop(batches, (batch) => {
    const state = w.let(mul(batch, units))
    w.loop(steps, (step) => {
      const row = w.let(timeMajor ? add(mul(step, batches), batch) : add(mul(batch, steps), step))
      body({ x: w.let(mul(row, depth)), y: w.let(mul(row, units)), state })
    })
  })
}

/** A state that is no variable of the model: memory of its own, which every run begins afresh. */
function ownState(context: LowerContext, index: number, { batches, units }: Sequence): State {
  const { name, dtype } = outputValue(context)
  const value: Value = { name: `${name}/state ${index}`, dtype, shape: [batches, units], scale: 1, zeroPoint: 0 }
  return { value, initial: new Uint8Array(4 * batches * units) }
}

/** Which inputs of an operator hold its states. */
const stateInputs: Readonly<Record<string, readonly number[]>> = {
  rnn: [4],
  unidirectional_sequence_gru: [5],
  unidirectional_sequence_lstm: [18, 19],
  unidirectional_sequence_rnn: [4],
}

const isVariable = (context: LowerContext, index: number) => optionalTensor(context, index)?.variable === true

/** The states of a recurrent layer that the model has no variables for. */
export function recurrentStates(context: LowerContext): readonly State[] {
  const inputs = stateInputs[context.node.op] ?? []
  return inputs
    .filter((index) => !isVariable(context, index))
    .map((index) => ownState(context, index, sequenceOf(context)))
}

/** The buffer of a state, set to where it begins unless it is a variable, which stays as it is. */
export function beginState(w: LoopWriter, context: LowerContext, index: number): BufferIndex {
  if (isVariable(context, index)) return w.value(toValue(tensorAt(context, index)))
  const { value } = ownState(context, index, sequenceOf(context))
  if (value.dtype !== 'float32') throw refuse(context, 'its state is not a variable')
  const buffer = w.value(value)
  const given = optionalTensor(context, index) ? sourceAt(w, context, index).load : null
  const zero: Expression = { kind: 'number', type: 'f32', value: 0 }
  w.loop(sizeOf(value.shape), (at) => w.store(buffer, at, given ? given(at) : zero))
  return buffer
}

/** Steps that give the states after the last step out, where the node has outputs for them. */
export function giveStates(context: LowerContext): readonly LoopsStep[] {
  const inputs = stateInputs[context.node.op] ?? []
  return inputs.flatMap((index, number) => {
    if (!context.node.outputs[number + 1]) return []
    const w = new LoopWriter()
    const out = targetAt(w, context, number + 1)
    const from = w.value(
      isVariable(context, index)
        ? toValue(tensorAt(context, index))
        : ownState(context, index, sequenceOf(context)).value,
    )
    w.loop(out.size, (at) => out.store(at, w.load(from, at)))
    return [w.step(context.node, out.value, `${context.node.op} state`)]
  })
}

/** Constant floats of an input; those of several parts lie one after another. */
export function floatsAt(w: LoopWriter, context: LowerContext, index: number): BufferIndex {
  const tensor = tensorAt(context, index)
  const data = constantElements(tensor)
  if (!(data instanceof Float32Array)) throw refuse(context, `"${tensor.name}" is not constant float32`)
  return w.constant('float32', data)
}

/** start + Σ weights[row] · values, in float32 after every step. */
export function rowProduct(
  w: LoopWriter,
  start: Expression,
  [weights, first]: readonly [BufferIndex, Expression],
  length: number,
  value: (c: Expression) => Expression,
): Expression {
  const sum = w.variable(start)
  const from = w.let(first)
  w.loop(length, (c) => w.set(sum, add(sum, mul(w.load(weights, add(from, c)), value(c)))))
  return sum
}

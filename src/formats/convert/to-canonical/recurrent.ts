import { type Node, numberAttribute, type Tensor } from '../../../graph/graph.ts'
import { constantNumbers, floatConstant, int32Constant, lengthsOf } from '../constants.ts'
import { type CanonicalContext, constantOf, emit, newTensor, unsupported, type Value, valueAt } from './context.ts'
import { floatWeights } from './conv.ts'
import { regroup, toFloat, toSame } from './layout.ts'

/** Trained values of one direction: rows of weights and recurrent weights gate by gate, both biases. */
interface Direction {
  readonly weights: readonly number[]
  readonly recurrent: readonly number[]
  readonly bias: readonly number[]
  readonly feedbackBias: readonly number[]
}

/** What all recurrent operators of ONNX have. */
interface Layer {
  readonly node: Node
  readonly steps: number
  readonly batches: number
  readonly depth: number
  readonly units: number
  /** Whether each direction walks backwards. */
  readonly backwards: readonly boolean[]
  readonly batchFirst: boolean
  readonly directions: readonly Direction[]
}

/** Makes one direction; `outputs` are its sequence and the states after the last step. */
type EmitDirection = (x: Tensor, direction: Direction, states: readonly string[], outputs: readonly Tensor[]) => void

const directionsOf: Readonly<Record<string, readonly boolean[]>> = {
  forward: [false],
  reverse: [true],
  bidirectional: [false, true],
}

function numbersOf(context: CanonicalContext, node: Node, index: number): readonly number[] | null {
  const constant = constantOf(context, node.inputs[index])
  if (!constant && node.inputs[index]) throw unsupported(node, 'with weights that are no constant is missing')
  return constant && constantNumbers(floatWeights(constant))
}

const part = (values: readonly number[], index: number, length: number) =>
  values.slice(index * length, (index + 1) * length)

function checkForm(node: Node, activations: readonly (readonly string[])[]): void {
  const { activations: given, clip } = node.attributes
  const names = Array.isArray(given) ? (given as readonly string[]) : []
  const known = activations.some((list) => names.every((name, index) => name === list[index % list.length]))
  if (names.length > 0 && !known) throw unsupported(node, `with the activations ${names.join(', ')} is missing`)
  if (clip !== undefined) throw unsupported(node, 'with a clip is missing')
  if (node.inputs[4]) throw unsupported(node, 'with lengths of its sequences is missing')
}

function layerOf(context: CanonicalContext, node: Node, x: Value, gates: number): Layer {
  const backwards = directionsOf[String(node.attributes.direction ?? 'forward')]
  const batchFirst = numberAttribute(node, 'layout', 0) === 1
  const [first, second, depth] = x.shape as readonly [number, number, number]
  const [weights, recurrent] = [numbersOf(context, node, 1), numbersOf(context, node, 2)]
  if (!weights || !recurrent || !backwards) throw unsupported(node, 'of this form is missing')
  const units = lengthsOf(constantOf(context, node.inputs[2])!)[2]!
  const rows = gates * units
  const biases = numbersOf(context, node, 3) ?? new Array<number>(2 * rows * backwards.length).fill(0)
  const directions = backwards.map((_, index) => ({
    weights: part(weights, index, rows * depth),
    recurrent: part(recurrent, index, rows * units),
    bias: part(biases, 2 * index, rows),
    feedbackBias: part(biases, 2 * index + 1, rows),
  }))
  const [steps, batches] = batchFirst ? [second, first] : [first, second]
  return { node, steps, batches, depth, units, backwards, batchFirst, directions }
}

/** The sequence from its end. */
function reversed(context: CanonicalContext, x: Tensor, axis: number): Tensor {
  const shape = x.shape as readonly number[]
  const list = (name: string, of: (own: boolean, length: number) => number) =>
    context.builder.constant(
      int32Constant(
        name,
        shape.map((length, place) => of(place === axis, length)),
      ),
    )
  const result = newTensor(context, `${x.name}/reversed`, shape, x)
  const [begin, end] = [list('begin', (own, length) => (own ? length - 1 : 0)), list('end', (own, n) => (own ? -1 : n))]
  const masks = { beginMask: 0, endMask: 1 << axis, ellipsisMask: 0, newAxisMask: 0, shrinkAxisMask: 0, offset: 0 }
  emit(context, 'strided_slice', [x, begin, end, list('strides', (own) => (own ? -1 : 1))], [result], masks)
  return result
}

/** The initial state of a direction as [batch, units]; an empty name where it begins as zeros. */
function initialState(
  context: CanonicalContext,
  { node, batches, units, batchFirst }: Layer,
  index: number,
  d: number,
) {
  if (!node.inputs[index]) return ''
  const { tensor } = toFloat(context, toSame(context, valueAt(context, node, index)))
  const own = batchFirst ? [batches, 1, units] : [1, batches, units]
  const begin = batchFirst ? [0, d, 0] : [d, 0, 0]
  const lists = [int32Constant('begin', begin), int32Constant('size', own)].map(context.builder.constant)
  const slice = newTensor(context, `${tensor.name}/${d}`, own, tensor)
  emit(context, 'slice', [tensor, ...lists], [slice])
  return regroup(context, slice, `${slice.name}/state`, [batches, units], null).name
}

function joined(context: CanonicalContext, parts: readonly Tensor[], axis: number, name: string): Tensor {
  if (parts.length === 1) return parts[0]!
  const shape = (parts[0]!.shape as number[]).with(axis, parts.length)
  const result = newTensor(context, name, shape, parts[0]!)
  emit(context, 'concatenation', parts, [result], { axis, activation: 'none' })
  return result
}

/**
 * Adds a layer of one or two directions. States of ONNX are values, which begin afresh with every run.
 * @param stateInputs ONNX inputs that hold initial states; outputs 1 and on give them after the last step
 */
function addLayer(
  context: CanonicalContext,
  layer: Layer,
  stateInputs: readonly number[],
  emitOne: EmitDirection,
): void {
  const { node, steps, batches, units, backwards, batchFirst } = layer
  const x = toFloat(context, toSame(context, valueAt(context, node, 0))).tensor
  const time = batchFirst ? 1 : 0
  const shape = batchFirst ? [batches, steps, units] : [steps, batches, units]
  const float = { dtype: 'float32' } as const
  const made = backwards.map((back, d) => {
    const states = stateInputs.map((index) => initialState(context, layer, index, d))
    const outputs = [shape, ...stateInputs.map(() => [batches, units])].map((lengths, index) =>
      newTensor(context, `${node.outputs.find((name) => name !== '')}/${d}/${index}`, lengths, float),
    )
    emitOne(back ? reversed(context, x, time) : x, layer.directions[d]!, states, outputs)
    return back ? outputs.with(0, reversed(context, outputs[0]!, time)) : outputs
  })
  node.outputs.forEach((name, index) => {
    if (name === '') return
    const axis = index === 0 ? (batchFirst ? 2 : 1) : time
    const parts = made.map((outputs) => {
      const tensor = outputs[index]!
      return regroup(context, tensor, `${tensor.name}/part`, (tensor.shape as number[]).toSpliced(axis, 0, 1), null)
    })
    const tensor = joined(context, parts, axis, name)
    context.values.set(name, { tensor, layout: 'same', real: false, shape: tensor.shape as readonly number[] })
  })
}

const sum = (a: readonly number[], b: readonly number[]) => a.map((value, index) => Math.fround(value + b[index]!))

function addNode(
  context: CanonicalContext,
  op: string,
  inputs: readonly (Tensor | string)[],
  outputs: readonly Tensor[],
  attributes: Readonly<Record<string, number | string>>,
): void {
  const names = inputs.map((each) => (typeof each === 'string' ? each : each.name))
  context.builder.node({ op, inputs: names, outputs: outputs.map(({ name }) => name), attributes })
}

/** LSTM without peepholes: UNIDIRECTIONAL_SEQUENCE_LSTM; ONNX's gates i, o, f, c become i, f, c, o. */
export function lstmToCanonical(context: CanonicalContext, node: Node): void {
  checkForm(node, [['Sigmoid', 'Tanh', 'Tanh']])
  if (node.inputs[7]) throw unsupported(node, 'with peepholes is missing')
  if (numberAttribute(node, 'input_forget', 0) !== 0) throw unsupported(node, 'with input_forget is missing')
  const layer = layerOf(context, node, valueAt(context, node, 0), 4)
  const { units, depth, batchFirst } = layer
  addLayer(context, layer, [5, 6], (x, { weights, recurrent, bias, feedbackBias }, states, outputs) => {
    const biases = sum(bias, feedbackBias)
    const gate = (name: string, values: readonly number[], width: number) =>
      [0, 2, 3, 1].map((index) =>
        context.builder.constant(floatConstant(name, part(values, index, units * width), [units, width])),
      )
    const lists = [0, 2, 3, 1].map((index) =>
      context.builder.constant(floatConstant('bias', part(biases, index, units), [units])),
    )
    const none = (count: number) => new Array<string>(count).fill('')
    const inputs = [x, ...gate('weights', weights, depth), ...gate('recurrent', recurrent, units), ...none(3), ...lists]
    addNode(context, 'unidirectional_sequence_lstm', [...inputs, ...none(2), ...states, ...none(4)], outputs, {
      activation: 'tanh',
      cellClip: 0,
      projClip: 0,
      timeMajor: batchFirst ? 0 : 1,
      asymmetricQuantizeInputs: 0,
      diagonalRecurrentTensors: 0,
    })
  })
}

/** GRU: an operator of its own, which TFLite has not got. */
export function gruToCanonical(context: CanonicalContext, node: Node): void {
  checkForm(node, [['Sigmoid', 'Tanh']])
  const layer = layerOf(context, node, valueAt(context, node, 0), 3)
  const { units, depth, batchFirst } = layer
  addLayer(context, layer, [5], (x, { weights, recurrent, bias, feedbackBias }, states, outputs) => {
    const constants = [
      floatConstant('weights', weights, [3 * units, depth]),
      floatConstant('recurrent', recurrent, [3 * units, units]),
      floatConstant('bias', bias, [3 * units]),
      floatConstant('bias', feedbackBias, [3 * units]),
    ].map(context.builder.constant)
    addNode(context, 'unidirectional_sequence_gru', [x, ...constants, ...states], outputs, {
      timeMajor: batchFirst ? 0 : 1,
      linearBeforeReset: numberAttribute(node, 'linear_before_reset', 0),
    })
  })
}

/** RNN with tanh or Relu: UNIDIRECTIONAL_SEQUENCE_RNN. */
export function rnnToCanonical(context: CanonicalContext, node: Node): void {
  checkForm(node, [['Tanh'], ['Relu']])
  const layer = layerOf(context, node, valueAt(context, node, 0), 1)
  const { units, depth, batchFirst } = layer
  const [activation = 'Tanh'] = (node.attributes.activations as readonly string[] | undefined) ?? []
  addLayer(context, layer, [5], (x, { weights, recurrent, bias, feedbackBias }, states, outputs) => {
    const constants = [
      floatConstant('weights', weights, [units, depth]),
      floatConstant('recurrent', recurrent, [units, units]),
      floatConstant('bias', sum(bias, feedbackBias), [units]),
    ].map(context.builder.constant)
    addNode(context, 'unidirectional_sequence_rnn', [x, ...constants, ...states], outputs, {
      activation: activation.toLowerCase(),
      timeMajor: batchFirst ? 0 : 1,
      asymmetricQuantizeInputs: 0,
    })
  })
}

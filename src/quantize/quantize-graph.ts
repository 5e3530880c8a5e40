import { MilliwattError } from '../core/errors.ts'
import { constantNumbers, floatConstant, lengthsOf } from '../formats/convert/constants.ts'
import { type GraphBuilder, graphBuilder } from '../formats/convert/graph-builder.ts'
import type { Graph, Node, Tensor } from '../graph/graph.ts'
import type { QuantizationParameters } from '../graph/quantization.ts'
import { inferShapes } from '../graph/shapes.ts'
import { biasCorrection } from './bias-correction.ts'
import { roundRow } from './compensated-rounding.ts'
import type { Observation } from './observe.ts'
import type { RealRange } from './ranges.ts'
import type { NodePrecision, Recipe } from './recipe.ts'
import { activationsOf, type OpRule, ruleOf } from './rules.ts'
import { int8Parameters, int16Parameters, tensorRanges } from './scales.ts'
import { quantizeBias, quantizeWeights, type RowRounding } from './weights.ts'

interface Context {
  readonly source: Graph
  readonly recipe: Recipe
  readonly observed: Observation
  readonly ranges: ReadonlyMap<string, RealRange>
  readonly builder: GraphBuilder
  /** Names of a source tensor's forms in the new graph, by precision. */
  readonly forms: Map<string, Map<NodePrecision, string>>
  /** Scales of int8 and int16 forms, by their names in the new graph. */
  readonly scales: Map<string, QuantizationParameters>
  /** Activations of the new graph by name. */
  readonly made: Map<string, Tensor>
  /** Constants of the new graph by what they hold: the source's name and the precision. */
  readonly constants: Map<string, string>
  /** Shapes of the source's tensors. */
  readonly shapes: ReadonlyMap<string, readonly (number | string)[]>
}

const listed = ({ scale, zeroPoint }: QuantizationParameters) => ({
  scales: [scale],
  zeroPoints: [zeroPoint],
  axis: null,
})

/** What a node computes in: what the recipe says, or float32 where its operator has no such form. */
export function precisionOf(
  graph: Graph,
  node: Node,
  { precision, wide }: Pick<Recipe, 'precision' | 'wide'>,
): NodePrecision {
  const rule = ruleOf(node)
  const wanted = wide.get(node.name) ?? precision
  if (!rule || (wanted === 'int16' && !rule.int16)) return 'float32'
  if (node.inputs.some((name) => graph.tensors.get(name)?.variable)) return 'float32'
  const reals = activationsOf(node, rule).map((at) => graph.tensors.get(node.inputs[at]!)?.dtype ?? 'float32')
  if (reals.some((dtype) => dtype !== 'float32')) return 'float32'
  const { weights } = rule
  const constant = !weights || graph.tensors.get(node.inputs[weights.weight] ?? '')?.data
  return constant ? wanted : 'float32'
}

function parametersOf(context: Context, name: string, precision: NodePrecision): QuantizationParameters {
  const range = context.ranges.get(name) ?? [0, 1]
  return precision === 'int16' ? int16Parameters(range) : int8Parameters(range)
}

/** Adds a tensor that holds a source tensor's values in a precision. */
function declare(
  context: Context,
  name: string,
  precision: NodePrecision,
  as: string,
  given?: QuantizationParameters,
): string {
  const { builder, source, shapes } = context
  const {
    quantization: _,
    data: __,
    ...plain
  } = source.tensors.get(name) ?? { name, dtype: 'float32' as const, shape: null }
  const shape = shapes.get(name) ?? plain.shape
  const parameters = precision === 'float32' ? null : (given ?? parametersOf(context, name, precision))
  const integers = parameters && { dtype: precision, quantization: listed(parameters) }
  context.made.set(as, builder.tensor({ ...plain, shape, name: as, ...integers }))
  if (parameters) context.scales.set(as, parameters)
  const forms = context.forms.get(name) ?? new Map<NodePrecision, string>()
  forms.set(precision, as)
  context.forms.set(name, forms)
  return as
}

const converter = (from: NodePrecision, to: NodePrecision) => {
  if (to === 'float32') return 'dequantize'
  return from === to ? null : 'quantize'
}

/** Name of a tensor's values in a precision; converted from the form that there is, once. */
function formOf(context: Context, name: string, precision: NodePrecision): string {
  const forms = context.forms.get(name)
  const known = forms?.get(precision)
  if (known !== undefined) return known
  const from = (['float32', 'int16', 'int8'] as const).find((each) => forms?.has(each))
  if (!forms || !from) throw new MilliwattError('MODEL_ILLEGAL', name, `Tensor "${name}" is read before it is made.`)
  const made = declare(context, name, precision, context.builder.fresh(`${name}/${precision}`))
  context.builder.node({ op: converter(from, precision)!, inputs: [forms.get(from)!], outputs: [made] })
  return made
}

/** Adds a constant once for every precision that it is read in. */
function constantOnce({ builder, constants }: Context, key: string, make: () => Tensor): string {
  const known = constants.get(key) ?? builder.constant(make()).name
  constants.set(key, known)
  return known
}

/** Scale of a constant over its own range. */
function constantScale(values: readonly number[], precision: NodePrecision): QuantizationParameters {
  const range: RealRange = [Math.min(0, ...values), Math.max(0, ...values)]
  const filled: RealRange = range[1] > range[0] ? range : [0, 1]
  return precision === 'int16' ? int16Parameters(filled) : int8Parameters(filled)
}

/** A constant operand as integers, by a scale that is given or over its own range. */
function constantIn(tensor: Tensor, precision: NodePrecision, given?: QuantizationParameters): Tensor {
  if (precision === 'float32' || tensor.dtype !== 'float32') return tensor
  const values = constantNumbers(tensor)!
  const parameters = given ?? constantScale(values, precision)
  const [lowest, highest] = precision === 'int16' ? [-32768, 32767] : [-128, 127]
  const integers = values.map((value) =>
    Math.max(lowest, Math.min(highest, Math.round(value / parameters.scale) + parameters.zeroPoint)),
  )
  const array = precision === 'int16' ? Int16Array.from(integers) : Int8Array.from(integers)
  return { ...tensor, dtype: precision, data: new Uint8Array(array.buffer), quantization: listed(parameters) }
}

function inputForm(context: Context, name: string, precision: NodePrecision): string {
  if (name === '') return ''
  const tensor = context.source.tensors.get(name)
  if (!tensor?.data) return formOf(context, name, precision)
  return constantOnce(context, `${name} ${precision}`, () => constantIn(tensor, precision))
}

/** Compensated rounding of a layer's rows of weights; null where calibration has no factors for it. */
function rowRounding(
  node: Node,
  weight: Tensor,
  roots: readonly (readonly Float64Array[])[] | undefined,
): RowRounding | null {
  if (!roots) return null
  const shape = lengthsOf(weight)
  const depthwise = node.op === 'depthwise_conv_2d'
  const units = depthwise ? shape[3]! : shape[0]!
  const length = shape.reduce((product, side) => product * side, 1) / units
  const rows = Array.from({ length: units }, (_, unit) =>
    Array.from({ length }, (__, at) => (depthwise ? at * units + unit : unit * length + at)),
  )
  const rootOf = (row: number) => roots[depthwise ? row : 0]!
  return { rows, round: (row, values, scale, highest) => roundRow(values, scale, highest, rootOf(row)) }
}

/** Weights and bias of a layer as integers, as inputs by index. */
function layerConstants(
  context: Context,
  node: Node,
  { weights }: OpRule,
  x: string,
  precision: NodePrecision,
): ReadonlyMap<number, string> {
  const { source, recipe, observed, builder } = context
  if (!weights) return new Map()
  const weight = source.tensors.get(node.inputs[weights.weight]!)!
  const units = Number(weight.shape!.at(weights.axis ?? 0))
  const biasTensor = source.tensors.get(node.inputs[weights.bias] ?? '')
  const bias: readonly number[] = constantNumbers(biasTensor) ?? Array.from({ length: units }, () => 0)
  const xScale = context.scales.get(x)!.scale
  const ofBias = bias.map((value) => Math.abs(value) / (xScale * 2 ** 30))
  const leastScales = weights.axis === null ? [Math.max(...ofBias)] : ofBias
  const own = recipe.rounding === 'compensated' ? rowRounding(node, weight, observed.roots.get(node.name)) : null
  const rounding = own ? { roundRow: own } : {}
  const { tensor, errors } = quantizeWeights(weight, {
    axis: weights.axis,
    bits: recipe.weightBits,
    leastScales,
    ...rounding,
  })
  const means = observed.tensors.get(node.inputs[0]!)?.channelMeans
  const corrected = recipe.rounding === 'corrected' && means ? biasCorrection(node, weight, errors, means) : null
  const values = corrected ? bias.map((value, unit) => value - corrected[unit]!) : bias
  const scales = tensor.quantization!.scales.map((scale) => xScale * scale)
  const named: Tensor = biasTensor ?? floatConstant(`${weight.name}/bias`, [...bias], [units])
  const made = quantizeBias(named, values, scales, precision === 'int16')
  return new Map([
    [weights.weight, builder.constant(tensor).name],
    [weights.bias, builder.constant(made).name],
  ])
}

/** Name of an output in the new graph: its own where the graph's border wants this form, else one aside. */
function outputName(context: Context, name: string, precision: NodePrecision): string {
  const { source, recipe, builder } = context
  if (!source.outputs.includes(name) || borderOf(source, name, recipe) === precision) return name
  return builder.fresh(`${name}/${precision}`)
}

/** Form that a graph's input or output has at the border: integers stay what they are. */
function borderOf(source: Graph, name: string, { border }: Recipe): NodePrecision {
  return source.tensors.get(name)?.dtype === 'float32' ? border : 'float32'
}

/** Scale of an output; `same` passes on that of the first activation as it is. */
function outputScale(context: Context, rule: OpRule, name: string, precision: NodePrecision, first: string) {
  if (rule.output === 'same') return context.scales.get(first)!
  if (rule.output === 'own') return parametersOf(context, name, precision)
  return precision === 'int16' ? rule.output.int16 : rule.output.int8
}

/** A form with another scale. */
function rescaled(context: Context, input: string, wanted: QuantizationParameters): string {
  const { scale, zeroPoint } = context.scales.get(input)!
  if (scale === wanted.scale && zeroPoint === wanted.zeroPoint) return input
  const { builder, made } = context
  const name = builder.fresh(`${input}/scaled`)
  made.set(name, builder.tensor({ ...made.get(input)!, name, quantization: listed(wanted) }))
  context.scales.set(name, wanted)
  builder.node({ op: 'quantize', inputs: [input], outputs: [name] })
  return name
}

/** What one node's activations are in the new graph, by the index of the input. */
interface Forms {
  readonly byIndex: ReadonlyMap<number, string>
  /** Name and scale of the first one that is no constant. */
  readonly first: string
}

function formsOf(context: Context, node: Node, rule: OpRule, precision: NodePrecision): Forms {
  const { source, scales, builder } = context
  const places = activationsOf(node, rule)
  const isConstant = (at: number) => source.tensors.get(node.inputs[at]!)?.data !== undefined
  const made = new Map(
    places.filter((at) => !isConstant(at)).map((at) => [at, formOf(context, node.inputs[at]!, precision)]),
  )
  const first = made.get(places.find((at) => made.has(at)) ?? -1)
  if (first === undefined)
    throw new MilliwattError('MODEL_ILLEGAL', node.name, `${node.op} reads nothing but constants.`)
  const wanted = scales.get(first)!
  const one = rule.output === 'same'
  const constant = (name: string) =>
    one
      ? builder.constant(constantIn(source.tensors.get(name)!, precision, wanted)).name
      : inputForm(context, name, precision)
  const byIndex = places.map((at) => {
    const form = made.get(at) ?? constant(node.inputs[at]!)
    return [at, one && made.has(at) ? rescaled(context, form, wanted) : form] as const
  })
  return { byIndex: new Map(byIndex), first }
}

function translate(context: Context, node: Node): void {
  const precision = precisionOf(context.source, node, context.recipe)
  const rule = ruleOf(node)
  const { builder } = context
  if (!rule || precision === 'float32') {
    const inputs = node.inputs.map((name) => inputForm(context, name, 'float32'))
    const outputs = node.outputs.map((name) => declare(context, name, 'float32', outputName(context, name, 'float32')))
    builder.node({ ...node, inputs, outputs })
    return
  }
  const { byIndex, first } = formsOf(context, node, rule, precision)
  const constants = layerConstants(context, node, rule, first, precision)
  const last = Math.max(node.inputs.length, ...[...constants.keys()].map((at) => at + 1))
  const scale = outputScale(context, rule, node.outputs[0]!, precision, first)
  const inputs = Array.from(
    { length: last },
    (_, at) => byIndex.get(at) ?? constants.get(at) ?? inputForm(context, node.inputs[at] ?? '', 'float32'),
  )
  const outputs = node.outputs.map((name) =>
    declare(context, name, precision, outputName(context, name, precision), scale),
  )
  const { version: _, ...attributes } = node.attributes
  builder.node({ op: node.op, inputs, outputs, attributes })
}

/** An output whose last form is not what the border wants is converted to it under its own name. */
function finishOutput(context: Context, name: string): void {
  const wanted = borderOf(context.source, name, context.recipe)
  const forms = context.forms.get(name)!
  if (forms.get(wanted) === name) return
  const [from, made] = [...forms][0]!
  const known = context.scales.get(made)
  // A float output that becomes int8 has the scale of its own range; an int8 one keeps what it has.
  declare(context, name, wanted, name, from === 'int8' ? known : undefined)
  context.builder.node({ op: converter(from, wanted)!, inputs: [made], outputs: [name] })
}

/**
 * Quantises a float graph in canonical form. Operators that have no integer form stay in float32 between conversions.
 * @param observed what calibration saw of the tensors of `observedNames(source)`
 * @throws MilliwattError MODEL_ILLEGAL
 */
export function quantizeGraph(source: Graph, observed: Observation, recipe: Recipe): Graph {
  const activations = [...source.tensors.values()].filter(({ data }) => !data).map(({ name }) => name)
  const builder = graphBuilder('tflite', [...activations, ...source.inputs, ...source.outputs])
  const context: Context = {
    ...{ source, recipe, observed, builder },
    ranges: tensorRanges(source, observed.tensors, recipe.ranges),
    forms: new Map(),
    scales: new Map(),
    made: new Map(),
    constants: new Map(),
    shapes: inferShapes(source),
  }
  for (const name of source.inputs) declare(context, name, borderOf(source, name, recipe), name)
  for (const node of source.nodes) translate(context, node)
  for (const name of source.outputs) finishOutput(context, name)
  return builder.build({ name: source.name, inputs: source.inputs, outputs: source.outputs, opsets: source.opsets })
}

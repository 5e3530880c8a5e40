import { MilliwattError } from '../core/errors.ts'
import { constantNumbers } from '../formats/convert/constants.ts'
import type { GraphBuilder } from '../formats/convert/graph-builder.ts'
import type { Graph, Tensor } from '../graph/graph.ts'
import type { Quantization, QuantizationParameters } from '../graph/quantization.ts'
import type { Observation } from './observe.ts'
import type { RealRange } from './ranges.ts'
import type { NodePrecision, Recipe } from './recipe.ts'
import { int8Parameters, int16Parameters } from './scales.ts'

/** A float graph on its way to a quantised one. */
export interface Context {
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

/** One scale and zero point as a tensor holds them. */
export const listed = ({ scale, zeroPoint }: QuantizationParameters): Quantization => ({
  scales: [scale],
  zeroPoints: [zeroPoint],
  axis: null,
})

/** Scale and zero point of a tensor's integers, from its range. */
export function parametersOf(context: Context, name: string, precision: NodePrecision): QuantizationParameters {
  const range = context.ranges.get(name) ?? [0, 1]
  return precision === 'int16' ? int16Parameters(range) : int8Parameters(range)
}

/** Adds a tensor that holds a source tensor's values in a precision. */
export function declare(
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

/** The operator that brings one precision to another; null where nothing has to be done. */
export const converter = (from: NodePrecision, to: NodePrecision): 'dequantize' | 'quantize' | null => {
  if (to === 'float32') return 'dequantize'
  return from === to ? null : 'quantize'
}

/** Name of a tensor's values in a precision; converted from the form that there is, once. */
export function formOf(context: Context, name: string, precision: NodePrecision): string {
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
export function constantIn(tensor: Tensor, precision: NodePrecision, given?: QuantizationParameters): Tensor {
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

/** Name of what a node reads, in a precision: a form of an activation, or a constant. */
export function inputForm(context: Context, name: string, precision: NodePrecision): string {
  if (name === '') return ''
  const tensor = context.source.tensors.get(name)
  if (!tensor?.data) return formOf(context, name, precision)
  return constantOnce(context, `${name} ${precision}`, () => constantIn(tensor, precision))
}

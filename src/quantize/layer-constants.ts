import { constantNumbers, floatConstant, lengthsOf } from '../formats/convert/constants.ts'
import type { Node, Tensor } from '../graph/graph.ts'
import { biasCorrection } from './bias-correction.ts'
import { roundRow } from './compensated-rounding.ts'
import type { Context } from './graph-forms.ts'
import type { NodePrecision } from './recipe.ts'
import type { OpRule } from './rules.ts'
import { quantizeBias, quantizeWeights, type RowRounding } from './weights.ts'

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
export function layerConstants(
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

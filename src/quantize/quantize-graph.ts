import { MilliwattError } from '../core/errors.ts'
import { graphBuilder } from '../formats/convert/graph-builder.ts'
import type { Graph, Node } from '../graph/graph.ts'
import type { QuantizationParameters } from '../graph/quantization.ts'
import { inferShapes } from '../graph/shapes.ts'
import { type Context, constantIn, converter, declare, formOf, inputForm, listed, parametersOf } from './graph-forms.ts'
import { layerConstants } from './layer-constants.ts'
import type { Observation } from './observe.ts'
import type { NodePrecision, Recipe } from './recipe.ts'
import { activationsOf, type OpRule, ruleOf } from './rules.ts'
import { tensorRanges } from './scales.ts'

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
 * @param observed what calibration saw of it (`observe`)
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

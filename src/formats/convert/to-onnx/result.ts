import type { Node, Tensor } from '../../../graph/graph.ts'
import { floatConstant } from '../constants.ts'
import { declare, emit, type Layout, type OnnxContext, outputOf, storedType, unsupported } from './context.ts'
import { quantizeTo, setStored } from './values.ts'

/** Least and greatest real of a fused activation; open ends are null. */
const ranges: Readonly<Record<string, readonly [number | null, number | null]>> = {
  none: [null, null],
  relu: [0, null],
  relu6: [0, 6],
  relu_n1_to_1: [-1, 1],
}

const limits: Readonly<Record<string, readonly [number, number]>> = {
  int8: [-128, 127],
  uint8: [0, 255],
  int16: [-32768, 32767],
}

/** Tells whether the range of a quantised tensor already cuts where the activation does. */
function rangeCovers(tensor: Tensor, [low, high]: readonly [number | null, number | null]): boolean {
  const [least, most] = limits[tensor.dtype] ?? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]
  const { scales, zeroPoints } = tensor.quantization!
  const steps = (bound: number) => zeroPoints[0]! + Math.round(bound / scales[0]!)
  return (low === null || steps(low) <= least) && (high === null || steps(high) >= most)
}

/** The reals after an activation: Relu, Clip, or a curve. */
function activate(context: OnnxContext, tensor: Tensor, layout: Layout, input: string, name: string): string {
  const [low, high] = ranges[name]!
  const output = declare(context, tensor, layout, 'float32', tensor.quantization ? '/activated' : '')
  const bound = (value: number) => context.builder.constant(floatConstant(`${tensor.name}/bound`, [value])).name
  if (high === null) emit(context, 'Relu', [input], output)
  else emit(context, 'Clip', [input, bound(low!), bound(high)], output)
  return output
}

/**
 * Adds what makes a node's first output: the node itself (`write` gets the name that it shall fill), its fused
 * activation unless the range of the quantised output already holds it, QuantizeLinear.
 */
export function result(context: OnnxContext, node: Node, layout: Layout, write: (output: string) => void): void {
  const tensor = outputOf(context, node)
  const activation = String(node.attributes.activation ?? 'none')
  const range = ranges[activation]
  if (!range) throw unsupported(node, `with the fused activation ${activation} is missing`)
  const fused = activation !== 'none' && !(tensor.quantization && rangeCovers(tensor, range))
  const suffix = fused ? '/sum' : tensor.quantization ? '/out' : ''
  const dtype = tensor.quantization ? 'float32' : storedType(context, tensor)
  const written = declare(context, tensor, layout, dtype, suffix)
  write(written)
  const reals = fused ? activate(context, tensor, layout, written, activation) : written
  if (tensor.quantization) quantizeTo(context, tensor, layout, reals)
  else setStored(context, tensor, layout, reals)
}

/** Adds a node that only moves elements: its output keeps the stored type, whatever the elements stand for. */
export function moved(context: OnnxContext, node: Node, layout: Layout, write: (output: string) => void): void {
  const tensor = outputOf(context, node)
  const name = declare(context, tensor, layout, storedType(context, tensor), '')
  write(name)
  setStored(context, tensor, layout, name)
}

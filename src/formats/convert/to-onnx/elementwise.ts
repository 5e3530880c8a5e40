import { type Node, numberAttribute, type Tensor } from '../../../graph/graph.ts'
import { floatConstant, lengthsOf } from '../constants.ts'
import { declare, emit, inputOf, type Layout, type OnnxContext, outputOf } from './context.ts'
import { result } from './result.ts'
import { hasLayout, real } from './values.ts'

/** NCHW where every computed operand has rank 4 and one lies so already; else as it is. */
export function layoutOf(context: OnnxContext, operands: readonly Tensor[], out: Tensor): Layout {
  const computed = operands.filter((tensor) => !tensor.data)
  const possible = out.shape?.length === 4 && computed.every((tensor) => tensor.shape?.length === 4)
  return possible && computed.some((tensor) => hasLayout(context, tensor, 'nchw')) ? 'nchw' : 'canonical'
}

/** A constant of lower rank gets leading ones, so that its axes can be permuted. */
function operand(context: OnnxContext, tensor: Tensor, layout: Layout): string {
  const shape = lengthsOf(tensor)
  if (layout === 'canonical' || shape.length === 4) return real(context, tensor, layout)
  const { quantization } = tensor
  const ones = new Array(4 - shape.length).fill(1) as number[]
  const axis = quantization?.axis == null ? null : quantization.axis + ones.length
  return real(
    context,
    {
      ...tensor,
      name: `${tensor.name}/wide`,
      shape: [...ones, ...shape],
      ...(quantization ? { quantization: { ...quantization, axis } } : {}),
    },
    layout,
  )
}

/** An operator on two tensors with broadcasting. */
export const binaryFromCanonical =
  (op: string) =>
  (context: OnnxContext, node: Node): void => {
    const operands = [inputOf(context, node, 0), inputOf(context, node, 1)]
    const layout = layoutOf(context, operands, outputOf(context, node))
    const inputs = operands.map((tensor) => operand(context, tensor, layout))
    result(context, node, layout, (output) => emit(context, op, inputs, output))
  }

/** An operator on one tensor, element by element. */
export const unaryFromCanonical =
  (op: string, attributes: (node: Node) => Readonly<Record<string, number>> = () => ({})) =>
  (context: OnnxContext, node: Node): void => {
    const x = inputOf(context, node, 0)
    const layout = layoutOf(context, [x], outputOf(context, node))
    const input = real(context, x, layout)
    result(context, node, layout, (output) => emit(context, op, [input], output, attributes(node)))
  }

/** RELU6 and RELU_N1_TO_1. */
export const clipFromCanonical =
  (low: number, high: number) =>
  (context: OnnxContext, node: Node): void => {
    const x = inputOf(context, node, 0)
    const layout = layoutOf(context, [x], outputOf(context, node))
    const bounds = [low, high].map((bound) => context.builder.constant(floatConstant(`${x.name}/bound`, [bound])).name)
    const input = real(context, x, layout)
    result(context, node, layout, (output) => emit(context, 'Clip', [input, ...bounds], output))
  }

/** SOFTMAX and LOG_SOFTMAX over the last axis; a beta other than 1 is multiplied first. */
export const softmaxFromCanonical =
  (op: string) =>
  (context: OnnxContext, node: Node): void => {
    const x = inputOf(context, node, 0)
    const beta = numberAttribute(node, 'beta', 1)
    let input = real(context, x, 'canonical')
    if (beta !== 1) {
      const scaled = declare(context, x, 'canonical', 'float32', '/beta')
      emit(context, 'Mul', [input, context.builder.constant(floatConstant(`${x.name}/beta`, [beta])).name], scaled)
      input = scaled
    }
    result(context, node, 'canonical', (output) => emit(context, op, [input], output, { axis: -1 }))
  }

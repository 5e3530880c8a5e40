import { broadcast } from '../ops/elementwise.ts'
import type { OpDef } from '../ops/op-def.ts'

const unary = (op: string): OpDef => ({ op, outputShape: ({ shapes: [x] }) => x ?? null })

const binary = (op: string): OpDef => ({
  op,
  weightInputs: [0, 1],
  outputShape: ({ shapes: [a, b] }) => (a && b ? broadcast(a, b) : null),
})

const unaryNames =
  'softmax log_softmax quantize dequantize logistic tanh relu relu6 relu_n1_to_1 leaky_relu hard_swish elu gelu abs neg exp log sqrt rsqrt square floor ceil round sin cos sign cast zeros_like logical_not l2_normalization local_response_normalization cumsum reverse_v2'

const binaryNames =
  'add sub mul div maximum minimum pow squared_difference floor_div floor_mod prelu less less_equal greater greater_equal equal not_equal logical_and logical_or'

/** Operators that keep a shape or broadcast two. */
export const elementwiseOps: readonly OpDef[] = [
  ...unaryNames.split(' ').map(unary),
  ...binaryNames.split(' ').map(binary),
]
